# Which repositories a home holds. Parameters: REPOSITORIES, IDS (repository ids with spaces between). Answers
# directories=…, one character per id: "." there, "x" missing; and how many there are in all. Reads only.
bounded 20 test -d "$REPOSITORIES" || fail 1 "there is no $REPOSITORIES"
all=$(bounded 60 ls "$REPOSITORIES")
say all "$(printf '%s\n' "$all" | grep -cE '^[0-9]+$' || true)"
# shellcheck disable=SC2086 # one argument per id
answer=$({ printf '%s\n' "$all"; printf -- '--\n'; printf '%s\n' $IDS; } | awk '
  $0 == "--" { asked = 1; next }
  !asked { there[$1] = 1; next }
  { printf "%s", ($1 in there) ? "." : "x" }')
say directories "$answer"
