# Which commits a home holds. Parameters: REPOSITORIES, STORES (mount points of data stores, one a line), COMMITS (lines:
# repository id, commits), GIT_SECONDS (for each repository). Answers commits.ID=…, one character per commit: "." there,
# "x" missing, "?" not found, and may lie on a data store that cannot be understood. Reads only.
need git
while read -r id hashes; do
  locate "$id"
  if [ -n "$LOCATED" ]; then
    # shellcheck disable=SC2086 # one argument per commit
    answer=$(printf '%s\n' $hashes | git_at "$LOCATED" cat-file --batch-check='%(objecttype)') ||
      fail 1 "git cannot read repository $id in ${LOCATED%/*}"
    found=$(printf '%s\n' "$answer" | awk '{ printf "%s", / missing$/ ? "x" : "." }')
  else
    absent=x
    [ "$LAYOUT" = known ] || absent='?'
    found=$(printf '%s\n' "$hashes" | absent=$absent awk '{ for (i = 1; i <= NF; i++) printf "%s", ENVIRON["absent"] }')
  fi
  say "commits.$id" "$found"
done <<END
$COMMITS
END
