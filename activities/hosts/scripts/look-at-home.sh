# What is mounted and exported, and whether it is a home. Parameters: VOLUMES (as for mount-home), SHARED_HOME,
# EXPORT_PATH, SAMPLE (repositories to check), FSCK_SECONDS (for each of them). Reads only.
need exportfs systemctl findmnt lsblk
TAB=$(printf '\t')
REPOSITORIES=$SHARED_HOME/data/repositories
GIT_SECONDS=$FSCK_SECONDS

complete=yes
while IFS=$TAB read -r name device mount_point; do
  kernel_device=$(find_device "$device") || kernel_device=
  source=$(mounted_from "$mount_point")
  if [ -n "$source" ] && [ "$source" = "$kernel_device" ]; then
    state=mounted
  else
    complete=no
    if [ -n "$source" ]; then state="other $source"
    elif [ -n "$kernel_device" ]; then state=unmounted
    else state=absent; fi
  fi
  say "volume.$name" "$state"
done <<END
$VOLUMES
END

say_export "$EXPORT_PATH"
[ "$complete" = yes ] || exit 0

if bounded 20 test -f "$SHARED_HOME/bitbucket.properties"; then say properties yes; else say properties no; fi
if ! bounded 20 test -d "$REPOSITORIES"; then
  say repositories 0
  exit 0
fi
# The newest come first: what was written last is what a copy may have torn.
all=$(bounded 60 ls -t "$REPOSITORIES" | grep -E '^[0-9]+$' || true)
say repositories "$(printf '%s\n' "$all" | grep -c . || true)"

[ "$SAMPLE" -gt 0 ] || exit 0
need git
sampled=0 broken='' unfinished=''
for id in $(printf '%s\n' "$all" | head -n "$SAMPLE"); do
  [ -f "$REPOSITORIES/$id/HEAD" ] || continue
  sampled=$((sampled + 1))
  code=0
  git_at "$REPOSITORIES/$id" fsck --connectivity-only --no-dangling --no-progress >/dev/null 2>&1 || code=$?
  case $code in
    0) ;;
    124 | 137) unfinished="$unfinished $id" ;;
    *) broken="$broken $id" ;;
  esac
done
say sampled "$sampled"
say broken "${broken# }"
say unfinished "${unfinished# }"
