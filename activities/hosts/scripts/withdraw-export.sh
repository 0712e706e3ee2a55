# Withdraws the export, and keeps the NFS server off across reboots. Parameters: EXPORT_PATH. Repeatable.
need exportfs systemctl
withdraw "$EXPORT_PATH"
bounded 90 systemctl disable --now nfs-server
say_export "$EXPORT_PATH"
