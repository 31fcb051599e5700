#!/usr/bin/env bash
# Stops and removes the cluster of DIR: processes, containers, mounts, cgroups, network namespaces, data. Keeps
# DIR/logs and DIR/audit.log. Does nothing where nothing is; works after a crash or a half-finished up.sh, and even
# if DIR was deleted under the running cluster.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$HERE/lib/node.sh"
. "$HERE/lib/network.sh"
. "$HERE/lib/clean.sh"

[ $# -eq 1 ] || die "usage: down.sh DIR"
cluster_paths "$1"
[ ! -d "$DIR" ] || lock_cluster
# shellcheck disable=SC1090
[ ! -r "$STATE" ] || . "$STATE"
clean_cluster
