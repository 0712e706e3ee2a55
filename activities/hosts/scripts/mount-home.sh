# Mounts the volumes of the home and exports it. Parameters: VOLUMES (lines: name, device, mount point, separated by
# tabs; home first), SHARED_HOME, STORES (mount points of data stores, one a line), OWNER, EXPORT_PATH, EXPORT_CLIENT,
# EXPORT_OPTIONS, DEVICE_SECONDS. Repeatable.
need exportfs systemctl findmnt lsblk blkid mount umount flock find
TAB=$(printf '\t')

first=$(printf '%s\n' "$VOLUMES" | head -n 1 | cut -f 3)
mkdir -p "$first"
lock_on "$(dirname "$first")"

while IFS=$TAB read -r name device mount_point; do
  kernel_device=$(wait_for_device "$device") || fail 75 "volume $name: device $device is not there yet"
  source=$(mounted_from "$mount_point")
  [ "$source" != "$kernel_device" ] || continue
  # Clients come back only when the locks are gone: an export over the directory is withdrawn before anything is mounted.
  withdraw "$EXPORT_PATH"
  if [ -n "$source" ]; then
    bounded 60 umount "$mount_point" || fail 1 "volume $name: $source is mounted on $mount_point in its place and busy"
  fi
  mount_on "$kernel_device" "$mount_point" || fail 1 "volume $name: $kernel_device cannot be mounted on $mount_point"
done <<END
$VOLUMES
END

bounded 20 test -d "$SHARED_HOME/data/repositories" ||
  fail 1 "$SHARED_HOME has no data/repositories: is this the volume of the shared home?"

# The home comes last: as long as it has another owner, the stores may have one too.
owner=$(bounded 20 stat -c '%U %U:%G' "$SHARED_HOME")
case " $owner " in
  *" $OWNER "*) ;;
  *)
    printf '%s\n' "$STORES" "$SHARED_HOME" | while IFS= read -r directory; do
      [ -z "$directory" ] || bounded 600 chown -R "$OWNER" "$directory" || fail 1 "cannot give $directory to $OWNER"
    done
    ;;
esac

# Locks of git below the present directory. A search that was broken off has left some: it must not pass for a whole one.
remove_locks() {
  code=0
  bounded 600 find . -xdev "$@" -prune -o -type f \( -name '*.lock' -o -name gc.pid \) -print -exec rm -f {} + || code=$?
  case $code in
    0) ;;
    124 | 137) fail 75 "left-over locks of git in $(pwd) could not be searched in time" ;;
    *) fail 1 "$(pwd) cannot be searched for left-over locks of git" ;;
  esac
}

# The copy was taken from a home in use. While it is not exported nobody works in it, so every lock of git in it is a
# left-over that would block that repository for ever. On a data store only what is inside of a repository is git's.
removed=''
clients=$(exported_to "$EXPORT_PATH") || fail 75 "exportfs does not answer"
if [ -z "$clients" ]; then
  find_stored
  [ -z "$UNREAD" ] || fail 75 "data stores could not be searched for repositories in time:$UNREAD"
  removed=$(
    cd "$SHARED_HOME/data/repositories"
    remove_locks -regex '\./[^/]*/objects'
  )
  stored=$(
    while IFS= read -r repository; do
      [ -n "$repository" ] || continue
      cd "$repository"
      remove_locks -path ./objects
    done <<END
$STORED
END
  )
  removed="$removed
$stored"
fi

# First the server: at its start it exports what is configured and forgets everything else.
bounded 90 systemctl enable --now nfs-server
bounded 60 exportfs ${EXPORT_OPTIONS:+-o "$EXPORT_OPTIONS"} "$EXPORT_CLIENT:$EXPORT_PATH"
say locksRemoved "$(printf '%s\n' "$removed" | grep -c . || true)"
