# Which repositories a home holds. Parameters: REPOSITORIES, STORES (mount points of data stores, one a line), IDS
# (repository ids with spaces between). Answers directories=…, one character per id: "." there, "x" missing, "?" not found,
# and may lie on a data store that cannot be understood; and how many there are in all. Reads only.
bounded 20 test -d "$REPOSITORIES" || fail 1 "there is no $REPOSITORIES"
all=$(bounded 60 ls "$REPOSITORIES")
find_stored
[ "$LAYOUT" = known ] || STORED=''
all=$(printf '%s\n' "$all" "$STORED" | sed 's|.*/||')
say all "$(printf '%s\n' "$all" | grep -cE '^[0-9]+$' || true)"
absent=x
[ "$LAYOUT" = known ] || absent='?'
# shellcheck disable=SC2086 # one argument per id
answer=$({ printf '%s\n' "$all"; printf -- '--\n'; printf '%s\n' $IDS; } | absent=$absent awk '
  $0 == "--" { asked = 1; next }
  !asked { there[$1] = 1; next }
  { printf "%s", ($1 in there) ? "." : ENVIRON["absent"] }')
say directories "$answer"
