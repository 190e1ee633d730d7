#!/bin/sh
# The tests of worker/exec once more as a user without any rights: as_nobody.sh TESTS SPAWNER
# Root only (else the plain run is that already): exits 77, which CTest counts as skipped.
set -eu
[ "$(id -u)" = 0 ] || { echo "not root: the plain run covers this"; exit 77; }
command -v setpriv >/dev/null || { echo "setpriv is missing (util-linux)"; exit 77; }

# The build may lie in a folder that only root can enter.
folder=$(mktemp -d /tmp/windlass-nobody-XXXXXX)
trap 'rm -rf "$folder"' EXIT
cp "$1" "$folder/tests"
cp "$2" "$folder/spawner"
chmod 755 "$folder" "$folder/tests" "$folder/spawner"
cd "$folder"
setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all \
  env WINDLASS_SPAWNER_PROGRAM="$folder/spawner" "$folder/tests" --log_level=message
