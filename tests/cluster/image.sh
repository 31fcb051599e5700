#!/usr/bin/env bash
# Pushes tiny images, each with a content of its own, to the cluster's registry:
#   image.sh DIR NAME:TAG [SIZE-KB] [NAME:TAG [SIZE-KB]]...     images with true, false, sleep, echo in /bin
#   image.sh DIR --scratch NAME:TAG...                          one binary /pause, no true and no shell
# Prints "NAME:TAG DIGEST" for each. SIZE-KB adds that much of random bytes. Pushing a tag again moves it to new
# content. Docker Hub's official images are called library/NAME here. A few milliseconds an image.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[ $# -ge 2 ] || die "usage: image.sh DIR [--scratch] NAME:TAG [SIZE-KB] ..."
cluster_paths "$1"
shift
load_state
exec python3 "$HERE/lib/image.py" "127.0.0.1:$REGISTRY_PORT" "$DIR/box" "$@"
