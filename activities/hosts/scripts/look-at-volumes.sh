# Which volumes are mounted where, and what else is mounted inside the home. Parameters: VOLUMES (as for mount-home),
# SHARED_HOME. Reads only.
need findmnt lsblk
TAB=$(printf '\t')
known=''
while IFS=$TAB read -r name device mount_point; do
  known="$known
$mount_point"
  kernel_device=$(find_device "$device") || kernel_device=
  source=$(mounted_from "$mount_point")
  if [ -n "$source" ] && [ "$source" = "$kernel_device" ]; then state=mounted
  elif [ -n "$source" ]; then state="other $source"
  elif [ -n "$kernel_device" ]; then state=unmounted
  else state=absent; fi
  say "volume.$name" "$state"
  # EBS tells the volume's id as the serial number of its NVMe devices; older ones tell nothing.
  say "serial.$name" "$(bounded 20 lsblk -dno SERIAL "${kernel_device:-/dev/null}" 2>/dev/null | tr -d ' ' || true)"
done <<END
$VOLUMES
END

others=$(
  bounded 20 findmnt -rno TARGET | while IFS= read -r target; do
    case $target/ in "$SHARED_HOME"/*) ;; *) continue ;; esac
    printf '%s\n' "$known" | grep -qxF -- "$target" || printf '%s ' "$target"
  done
)
say others "${others% }"
say unthawed "$(open_freezes)"
