# Which commits a home holds. Parameters: REPOSITORIES, COMMITS (lines: repository id, commits), GIT_SECONDS (for each
# repository). Answers commits.ID=…, one character per commit: "." there, "x" missing. Reads only.
need git
while read -r id hashes; do
  if bounded 20 test -d "$REPOSITORIES/$id"; then
    # shellcheck disable=SC2086 # one argument per commit
    answer=$(printf '%s\n' $hashes | git_at "$REPOSITORIES/$id" cat-file --batch-check='%(objecttype)') ||
      fail 1 "git cannot read repository $id in $REPOSITORIES"
    found=$(printf '%s\n' "$answer" | awk '{ printf "%s", / missing$/ ? "x" : "." }')
  else
    found=$(printf '%s\n' "$hashes" | awk '{ for (i = 1; i <= NF; i++) printf "x" }')
  fi
  say "commits.$id" "$found"
done <<END
$COMMITS
END
