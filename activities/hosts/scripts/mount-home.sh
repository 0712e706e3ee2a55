# Mounts the volumes of the home and exports it. Parameters: VOLUMES (lines: name, device, mount point, separated by
# tabs; home first), SHARED_HOME, OWNER, EXPORT_PATH, EXPORT_CLIENT, EXPORT_OPTIONS, DEVICE_SECONDS. Repeatable.
need exportfs systemctl findmnt lsblk mount umount flock find
TAB=$(printf '\t')

first=$(printf '%s\n' "$VOLUMES" | head -n 1 | cut -f 3)
mkdir -p "$first"
lock_on "$(dirname "$first")"

wait_for_device() {
  waited=0
  until find_device "$1"; do
    [ "$waited" -lt "$DEVICE_SECONDS" ] || return 1
    waited=$((waited + 1))
    sleep 1
  done
}

while IFS=$TAB read -r name device mount_point; do
  kernel_device=$(wait_for_device "$device") || fail 75 "volume $name: device $device is not there yet"
  source=$(mounted_from "$mount_point")
  [ "$source" != "$kernel_device" ] || continue
  # Clients come back only when the locks are gone: an export over the directory is withdrawn before anything is mounted.
  withdraw "$EXPORT_PATH"
  if [ -n "$source" ]; then
    bounded 60 umount "$mount_point" || fail 1 "volume $name: $source is mounted on $mount_point in its place and busy"
  fi
  mkdir -p "$mount_point"
  # A copy of an XFS volume carries the UUID of its source and is refused while that one is mounted too.
  bounded 120 mount "$kernel_device" "$mount_point" || bounded 120 mount -o nouuid "$kernel_device" "$mount_point" ||
    fail 1 "volume $name: $kernel_device cannot be mounted on $mount_point"
done <<END
$VOLUMES
END

bounded 20 test -d "$SHARED_HOME/data/repositories" ||
  fail 1 "$SHARED_HOME has no data/repositories: is this the volume of the shared home?"

owner=$(bounded 20 stat -c '%U %U:%G' "$SHARED_HOME")
case " $owner " in
  *" $OWNER "*) ;;
  *) bounded 600 chown -R "$OWNER" "$SHARED_HOME" || fail 1 "cannot give $SHARED_HOME to $OWNER" ;;
esac

# The copy was taken from a home in use. While it is not exported nobody works in it, so every lock of git in it is a
# left-over that would block that repository for ever.
removed=0
clients=$(exported_to "$EXPORT_PATH") || fail 75 "exportfs does not answer"
if [ -z "$clients" ]; then
  removed=$(
    cd "$SHARED_HOME/data/repositories"
    bounded 600 find . -xdev -regex '\./[^/]*/objects' -prune -o \
      -type f \( -name '*.lock' -o -name gc.pid \) -print -exec rm -f {} + | wc -l
  )
fi

# First the server: at its start it exports what is configured and forgets everything else.
bounded 90 systemctl enable --now nfs-server
bounded 60 exportfs ${EXPORT_OPTIONS:+-o "$EXPORT_OPTIONS"} "$EXPORT_CLIENT:$EXPORT_PATH"
say locksRemoved "$((removed))"
