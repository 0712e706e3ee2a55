# Ends freezes of ours. Parameters: TOKEN (empty: all that are on), REASON: captured (the caller knows that the snapshots
# were taken before) or released. Answers who ended the freeze TOKEN first, and what was thawed now. Repeatable.
need fsfreeze flock
mkdir -p "$FREEZES"
lock_on "$FREEZES"
ended=''
for open in ${TOKEN:-$(open_freezes)}; do
  if end_freeze "$open" "$REASON"; then ended="$ended $open"; fi
done
say ended "${ended# }"
[ -n "$TOKEN" ] || exit 0
if [ -f "$FREEZES/$TOKEN.thawed" ]; then
  read -r by at <"$FREEZES/$TOKEN.thawed"
  say by "$by"
  say thawedAt "$at"
  say frozenAt "$(cat "$FREEZES/$TOKEN.frozen")"
else
  say by unknown
fi
