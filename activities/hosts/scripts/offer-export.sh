# The way back of withdraw-export. Parameters: EXPORT_PATH, EXPORT_CLIENT, EXPORT_OPTIONS. Repeatable.
need exportfs systemctl
# First the server: at its start it exports what is configured and forgets everything else.
bounded 90 systemctl enable --now nfs-server
bounded 60 exportfs ${EXPORT_OPTIONS:+-o "$EXPORT_OPTIONS"} "$EXPORT_CLIENT:$EXPORT_PATH"
say_export "$EXPORT_PATH"
