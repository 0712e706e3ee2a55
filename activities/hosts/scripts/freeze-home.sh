# Freezes the file systems of all volumes or none, and arms a timer that ends the freeze whatever becomes of the caller.
# Parameters: VOLUMES (as for mount-home), TOKEN (names this freeze), LIMIT_SECONDS. A freeze of ours that is still on is
# ended first.
need fsfreeze findmnt flock setsid sleep
TAB=$(printf '\t')
mkdir -p "$FREEZES"
lock_on "$FREEZES"
find "$FREEZES" -type f -mtime +7 -exec rm -f {} +

# The same command again, because its answer was lost.
if [ -f "$FREEZES/$TOKEN.mounts" ]; then
  [ ! -f "$FREEZES/$TOKEN.thawed" ] || fail 75 "the freeze $TOKEN has ended already"
  say frozenAt "$(cat "$FREEZES/$TOKEN.frozen")"
  exit 0
fi

for open in $(open_freezes); do end_freeze "$open" released; done

: >"$FREEZES/$TOKEN.mounts"
printf '%s\n' "$(date +%s)" >"$FREEZES/$TOKEN.frozen"
# Before the first freeze, and in a session of its own: it outlives this script, its caller and the worker. It first says
# that it was too late for the caller, and then thaws, so that no capture is taken for frozen that was not.
setsid sh -c '
  sleep "$3"
  (set -C; printf "deadman %s\n" "$(date +%s)" >"$1/$2.thawed") 2>/dev/null || exit 0
  while IFS= read -r mount_point; do timeout -k 5 20 fsfreeze -u "$mount_point"; done <"$1/$2.mounts"
' dead-man "$FREEZES" "$TOKEN" "$LIMIT_SECONDS" </dev/null >/dev/null 2>&1 9<&- &

# Innermost first: an outer file system that stands still must not hold up the way to an inner one.
printf '%s\n' "$VOLUMES" | awk -F "$TAB" '{ print length($3) "\t" $3 }' | sort -rn | cut -f 2 |
  while IFS= read -r mount_point; do
    printf '%s\n' "$mount_point" >>"$FREEZES/$TOKEN.mounts"
    words=$(bounded 30 fsfreeze -f "$mount_point" 2>&1) && continue
    # Not ours: whoever froze it thaws it.
    grep -vxF -- "$mount_point" "$FREEZES/$TOKEN.mounts" >"$FREEZES/$TOKEN.rest" || true
    mv "$FREEZES/$TOKEN.rest" "$FREEZES/$TOKEN.mounts"
    printf '%s\n' "$mount_point cannot be frozen: $words" >"$FREEZES/$TOKEN.failed"
    break
  done
if [ -f "$FREEZES/$TOKEN.failed" ]; then
  end_freeze "$TOKEN" released
  fail 1 "$(cat "$FREEZES/$TOKEN.failed"). Nothing is frozen by this run. If somebody else froze it: fsfreeze -u"
fi
say frozenAt "$(cat "$FREEZES/$TOKEN.frozen")"
