# The way back of unmount-home where the home was not in use: mounts the volumes as they were, and changes nothing in them.
# Parameters: VOLUMES (as for mount-home), EXPORT (yes: it was exported), EXPORT_PATH, EXPORT_CLIENT, EXPORT_OPTIONS, ACTIVE
# (yes: the NFS server was running), DEVICE_SECONDS. Repeatable.
need exportfs systemctl findmnt lsblk blkid mount flock
TAB=$(printf '\t')

first=$(printf '%s\n' "$VOLUMES" | head -n 1 | cut -f 3)
mkdir -p "$first"
lock_on "$(dirname "$first")"

changed=no
while IFS=$TAB read -r name device mount_point; do
  kernel_device=$(wait_for_device "$device") || fail 75 "volume $name: device $device is not there yet"
  source=$(mounted_from "$mount_point")
  [ "$source" != "$kernel_device" ] || continue
  [ -z "$source" ] || fail 1 "volume $name: $source is mounted on $mount_point in its place"
  mount_on "$kernel_device" "$mount_point" || fail 1 "volume $name: $kernel_device cannot be mounted on $mount_point"
  changed=yes
done <<END
$VOLUMES
END

# First the server: at its start it exports what is configured and forgets everything else.
if [ "$ACTIVE" = yes ] && [ "$(unit is-active nfs-server)" != active ]; then
  bounded 90 systemctl start nfs-server
  changed=yes
fi
clients=$(exported_to "$EXPORT_PATH") || fail 75 "exportfs does not answer"
if [ "$EXPORT" = yes ] && [ -z "$clients" ]; then
  bounded 60 exportfs ${EXPORT_OPTIONS:+-o "$EXPORT_OPTIONS"} "$EXPORT_CLIENT:$EXPORT_PATH"
  changed=yes
fi
say changed "$changed"
