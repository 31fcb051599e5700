#!/usr/bin/env bash
# The main job before one's eyes, on a pretend cluster: drop-sim plays 50 nodes and a day's worth of
# trouble (demo.sh [SCENE], by default sim/scenes/demo.yaml), the real operator works against it, and
# the terminal shows which image is where. Ends by itself: with 0 if everything came out as the scene
# expects. STATUS_PAGE=127.0.0.1:8090 shows the operator's own page there meanwhile; USAGE=1: what it
# saved, too. Everything lives below one scratch folder and is gone at the end, also after ^C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scene=${1:-sim/scenes/demo.yaml}
SECONDS_MAX=${SECONDS_MAX:-90}
SCREEN=${SCREEN:-auto}
BIN=${BIN:-build/gcc/bin}
page=()
[ -z "${STATUS_PAGE-}" ] || page=(--status-page-bind-address "$STATUS_PAGE")
usage=()
[ -z "${USAGE-}" ] && ! grep -q 'type: cluster' "$scene" || usage=(--usage)
work=$(mktemp -d)
supervisor=
simulator=

finish() {
	code=$?
	trap - EXIT
	trap '' INT TERM HUP
	for pid in $simulator $supervisor; do
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	if [ "$code" != 0 ] && [ "$code" != 130 ]; then
		tail -n 20 "$work"/*.log >&2 2>/dev/null || true
	fi
	rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

mkdir -m 700 "$work/sockets"
"$BIN/drop-sim" --scenario "$scene" --kubeconfig-out "$work/kubeconfig" \
	--registries-out "$work/registries" --screen "$SCREEN" \
	--until-expected "${SECONDS_MAX}s" 2>"$work/sim.log" &
simulator=$!
# The kubeconfig is written last: when it is there, the API answers.
until [ -s "$work/kubeconfig" ]; do
	kill -0 "$simulator" 2>/dev/null || wait "$simulator"
	sleep 0.02
done
"$BIN/drop-supervisor" --bin-dir "$BIN" --kubeconfig "$work/kubeconfig" \
	--socket-dir "$work/sockets" --registries "$(cat "$work/registries")" \
	--health-probe-bind-address 0 --startup-taint drop.corewire.io/images-not-ready \
	"${page[@]}" "${usage[@]}" 2>"$work/drop.log" &
supervisor=$!

code=0
wait "$simulator" || code=$?
simulator=
exit "$code"
