# Reads every object of one repository. Parameters: REPOSITORIES, STORES (mount points of data stores, one a line), ID,
# GIT_SECONDS. Answers state=ok|absent|slow|broken, and for broken what git says. Reads only.
need git
locate "$ID"
directory=$LOCATED
if ! bounded 20 test -f "$directory/HEAD"; then
  say state absent
  exit 0
fi
words=$(mktemp)
trap 'rm -f "$words"' EXIT
code=0
git_at "$directory" fsck --full --no-dangling --no-progress >"$words" 2>&1 || code=$?
# How an object is written ("error in commit …: badTimezone") is as old as the repository; that it cannot be read is not.
faults=$(grep -vE '^(warning|error) in (commit|tree|tag|blob) |^(notice|warning):|^(dangling|unreachable) ' "$words" |
  grep -v '^$' | head -n 3 | tr '\n' ' ' | cut -c 1-400 || true)
case $code in
  0) say state ok ;;
  124 | 137) say state slow ;;
  *)
    if [ -n "$faults" ]; then
      say state broken
      say faults "$faults"
    else
      say state ok
    fi
    ;;
esac
