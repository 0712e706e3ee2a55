# The way back of mount-home. Parameters: VOLUMES (as for mount-home), EXPORT_PATH, DISABLE (yes: the NFS server was not
# enabled before). Repeatable; never a lazy unmount, which would leave the volume in use unseen.
need exportfs systemctl findmnt umount flock
TAB=$(printf '\t')

changed=no
clients=$(exported_to "$EXPORT_PATH") || fail 75 "exportfs does not answer"
if [ -n "$clients" ]; then
  withdraw "$EXPORT_PATH"
  bounded 60 exportfs -f
  changed=yes
fi

reversed=$(printf '%s\n' "$VOLUMES" | awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }')
while IFS=$TAB read -r name device mount_point; do
  [ -n "$(mounted_from "$mount_point")" ] || continue
  if ! bounded 60 umount "$mount_point"; then
    # The kernel's NFS server may still hold files open for clients that are gone.
    bounded 90 systemctl stop nfs-server
    bounded 60 umount "$mount_point" || fail 75 "volume $name: $mount_point ($device) is busy"
  fi
  changed=yes
done <<END
$reversed
END

if [ "$DISABLE" = yes ] && [ "$(unit is-enabled nfs-server)" != disabled ]; then
  bounded 90 systemctl disable --now nfs-server
  changed=yes
fi
say changed "$changed"
