# Ends freezes of ours. Parameters: TOKEN (empty: all that are on), REASON: captured (the caller knows that the snapshots
# were taken before) or released. Answers who ended the freeze TOKEN first, and which ones were on until now. Repeatable;
# to be tried again while not all is thawed.
need fsfreeze flock timeout
mkdir -p "$FREEZES"
lock_on "$FREEZES"
ended='' left=''
for open in ${TOKEN:-$(open_freezes)}; do
  if ! end_freeze "$open" "$REASON"; then left="${left:+$left; }$LEFT"
  elif [ "$ENDED" = yes ] || [ -z "$TOKEN" ]; then ended="$ended $open"; fi
done
[ -z "$left" ] || fail 75 "not all is thawed yet: $left"
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
