#!/bin/sh
# publish.sh SOURCE TARGET: puts a file in place as a whole, or not at all.
set -eu
part=$(mktemp "$(dirname "$2")/.publish-XXXXXX")
trap 'rm -f "$part"' EXIT
cat "$1" >"$part"
chmod 644 "$part"
mv -f "$part" "$2"
