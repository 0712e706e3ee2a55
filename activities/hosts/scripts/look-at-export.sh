# Parameters: EXPORT_PATH. Reads only.
need exportfs systemctl
say_export "$EXPORT_PATH"
