# What is mounted and exported, and whether it is a home. Parameters: VOLUMES (as for mount-home), SHARED_HOME,
# EXPORT_PATH, STORES (mount points of data stores, one a line), SAMPLE (repositories to check, of the home and of the
# stores), FSCK_SECONDS (for each of them). Reads only.
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
if [ "$SAMPLE" -eq 0 ]; then
  say repositories "$(printf '%s\n' "$all" | grep -c . || true)"
  exit 0
fi
need git
find_stored
say repositories "$(printf '%s\n' "$all" "$STORED" | grep -c . || true)"

newest_stored=$(printf '%s\n' "$STORED" | grep . | tr '\n' '\0' | bounded 60 xargs -0 -r -n 5000 ls -td | head -n "$SAMPLE" || true)
sampled=0 broken='' unfinished=$UNREAD
while IFS= read -r path; do
  [ -f "$path/HEAD" ] || continue
  sampled=$((sampled + 1))
  # In the home by its number, as people know it; elsewhere by where it is.
  name=$(printf '%s' "${path#"$REPOSITORIES/"}" | tr ' ' '?')
  code=0
  git_at "$path" fsck --connectivity-only --no-dangling --no-progress >/dev/null 2>&1 || code=$?
  case $code in
    0) ;;
    124 | 137) unfinished="$unfinished $name" ;;
    *) broken="$broken $name" ;;
  esac
done <<END
$(printf '%s\n' "$all" | head -n "$SAMPLE" | at=$REPOSITORIES awk 'NF { print ENVIRON["at"] "/" $0 }')
$newest_stored
END
say sampled "$sampled"
say broken "${broken# }"
say unfinished "${unfinished# }"
