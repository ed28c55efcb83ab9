#!/bin/sh
# Dump the database and pack the files once a day; `check` says whether the last one is recent.
# Restore: pg_restore --clean --if-exists -d prm FILE.dump; tar -xzf FILE.tar.gz -C the files volume.
set -eu
ROOM=${BACKUP_DIR:-/backups}

if [ "${1:-}" = check ]; then
  find "$ROOM" -name 'prm-*.dump' -mmin -1560 | grep -q .   # 26 hours
  exit
fi

umask 077
while :; do
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  # A dump under its final name is a whole dump.
  if pg_dump --format=custom --file="$ROOM/.partial.dump" && pg_restore --list "$ROOM/.partial.dump" >/dev/null &&
     tar -czf "$ROOM/.partial.tar.gz" -C "${FILES_DIR:-/files}" .; then
    mv "$ROOM/.partial.dump" "$ROOM/prm-$stamp.dump"
    mv "$ROOM/.partial.tar.gz" "$ROOM/files-$stamp.tar.gz"
    find "$ROOM" \( -name 'prm-*.dump' -o -name 'files-*.tar.gz' \) -mtime +"${KEEP_DAYS:-14}" -delete
    echo "backup $stamp done"
    wait_seconds=86400
  else
    echo "backup $stamp FAILED; trying again in ten minutes" >&2
    wait_seconds=600
  fi
  sleep "$wait_seconds" & wait $!
done
