# Freezes the file systems of all volumes or none, and arms a timer that ends the freeze whatever becomes of the caller.
# Parameters: VOLUMES (as for mount-home), TOKEN (names this freeze), LIMIT_SECONDS. A freeze of ours that is still on is
# ended first.
need fsfreeze findmnt flock setsid sleep sync timeout
TAB=$(printf '\t')
mkdir -p "$FREEZES"
lock_on "$FREEZES"
find "$FREEZES" -type f -mtime +7 -exec rm -f {} +
base=$FREEZES/$TOKEN

# The same command again, because its answer was lost.
if [ -f "$base.whole" ]; then
  [ ! -f "$base.thawed" ] || fail 75 "the freeze $TOKEN has ended already"
  say frozenAt "$(cat "$base.frozen")"
  exit 0
fi

for open in $(open_freezes); do
  end_freeze "$open" released || fail 75 "an earlier freeze is not over yet: $LEFT"
done
[ ! -f "$base.mounts" ] || fail 75 "the freeze $TOKEN was broken off"

# Innermost first: an outer file system that stands still must not hold up the way to an inner one.
order=$(printf '%s\n' "$VOLUMES" | awk -F "$TAB" '{ print length($3) "\t" $3 }' | sort -rn | cut -f 2)

# What was written is brought to the disk while nobody has to wait for it: a freeze does the same with everybody held up.
# An old sync knows no -f and means all file systems.
while IFS= read -r mount_point; do
  code=0
  bounded 45 sync -f "$mount_point" >/dev/null 2>&1 9<&- || code=$?
  [ "$code" -ne 1 ] || bounded 45 sync >/dev/null 2>&1 9<&- || true
done <<END
$order
END

# Held by this script and by every freeze that it begins, also by one that hangs in the kernel: as long as it is locked,
# something may still be frozen.
exec 8>"$base.freezing"
flock 8
: >"$base.mounts"
printf '%s\n' "$(date +%s)" >"$base.frozen"
# Before the first freeze, and in a session of its own: it outlives this script, its caller and the worker. It first says
# that it was too late for the caller, and then thaws, so that no capture is taken for frozen that was not. It ends when
# all is thawed, whoever did it, and not before.
# shellcheck disable=SC2016 # expanded by the shell that runs it
setsid sh -c '
  base=$1/$2
  waited=0
  until [ -f "$base.thawed" ] || [ "$waited" -ge "$3" ]; do
    sleep 1
    waited=$((waited + 1))
  done
  # Whoever was first is at it; gone, or held up, he is helped.
  (set -C; printf "deadman %s\n" "$(date +%s)" >"$base.thawed") 2>/dev/null || sleep 2
  while [ -f "$base.mounts" ] && [ ! -f "$base.done" ]; do
    sh -c "$4" thaw "$1" "$2"
    [ -f "$base.done" ] || sleep 1
  done
' dead-man "$FREEZES" "$TOKEN" "$LIMIT_SECONDS" "$THAW" </dev/null >/dev/null 2>&1 8>&- 9<&- &

late="the host's timer ended the freeze after $LIMIT_SECONDS s, before all was frozen. Look at the storage, or raise backup.freezeLimit"
trouble=''
while IFS= read -r mount_point; do
  if [ -f "$base.thawed" ]; then
    trouble=$late
    break
  fi
  printf '%s\n' "$mount_point" >>"$base.mounts"
  code=0
  bounded 30 fsfreeze -f "$mount_point" >"$base.words" 2>&1 9<&- || code=$?
  words=$(cat "$base.words")
  case $code/$words in
    0/*) continue ;;
    124/* | 137/*) trouble="$mount_point took more than 30 s to freeze. Look at the storage, or for a quieter time" ;;
    *"Device or resource busy"*)
      # Not ours: whoever froze it thaws it.
      grep -vxF -- "$mount_point" "$base.mounts" >"$base.rest" || true
      mv "$base.rest" "$base.mounts"
      trouble="$mount_point cannot be frozen: $words. If somebody else froze it: fsfreeze -u"
      ;;
    *) trouble="$mount_point cannot be frozen: $words" ;;
  esac
  break
done <<END
$order
END
exec 8>&-
if [ -z "$trouble" ] && [ -f "$base.thawed" ]; then trouble=$late; fi
if [ -n "$trouble" ]; then
  if end_freeze "$TOKEN" released; then fail 1 "$trouble. Nothing is frozen by this run"; fi
  fail 1 "$trouble. Not over yet ($LEFT): the host goes on thawing by itself until nothing of this run is frozen"
fi
: >"$base.whole"
say frozenAt "$(cat "$base.frozen")"
