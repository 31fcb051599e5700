#!/usr/bin/env bash
# The main job before one's eyes: a real cluster on loopback, the operator, the sample resources, and
# their status until the good images are on the node and the broken one says what is wrong with it.
# Everything lives below one scratch folder and is gone at the end, also after ^C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SECONDS_MAX=${SECONDS_MAX:-240}
BIN=build/gcc/bin
work=$(mktemp -d)
supervisor=

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

finish() {
	code=$?
	trap - EXIT INT TERM
	say "cleaning up"
	if [ -n "$supervisor" ]; then
		kill -TERM "$supervisor" 2>/dev/null || true
		wait "$supervisor" 2>/dev/null || true
	fi
	[ "$code" = 0 ] || tail -n 30 "$work/drop.log" 2>/dev/null || true
	tests/cluster/down.sh "$work/cluster" || code=1
	rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

say "starting a real cluster (etcd, API server, kubelet, containerd, registry)"
tests/cluster/up.sh "$work/cluster"
. "$work/cluster/env"

say "installing the CRDs and starting the operator"
"$KUBECTL" create namespace drop-system
"$KUBECTL" apply -f deploy/crds
"$KUBECTL" wait --for=condition=Established --timeout=30s crd --all
"$BIN/drop-supervisor" --bin-dir "$BIN" --kubeconfig "$KUBECONFIG" --socket-dir "$work/sockets" --health-probe-bind-address 0 \
	2>"$work/drop.log" &
supervisor=$!

say "applying the sample resources"
wanted=(dev-nginx dev-redis test-invalid-image)
"$KUBECTL" create --dry-run=client -o json -f deploy/samples/samples.yaml |
	jq 'select(.kind == "PullPolicy" or IN(.metadata.name; $ARGS.positional[]))' \
		--args "${wanted[@]}" |
	"$KUBECTL" apply -f -

# A sample is settled when it is Ready, or Degraded as the broken one must be.
settled() {
	"$KUBECTL" get cachedimages "${wanted[@]}" -o json | jq -e '
		[.items[] | {(.metadata.name): .status.phase}] | add
		== {"dev-nginx": "Ready", "dev-redis": "Ready", "test-invalid-image": "Degraded"}' >/dev/null
}

begun=$SECONDS shown=
until settled; do
	if ! kill -0 "$supervisor" 2>/dev/null; then
		echo "the operator ended; its log follows" >&2
		exit 1
	fi
	if ((SECONDS - begun > SECONDS_MAX)); then
		echo "not settled after $SECONDS_MAX s; the operator's log follows" >&2
		exit 1
	fi
	now=$("$KUBECTL" get cachedimages)
	if [ "$now" != "$shown" ]; then
		printf '\n%3d s\n%s\n' $((SECONDS - begun)) "$now"
		shown=$now
	fi
	sleep 0.5
done

say "settled after $((SECONDS - begun)) s"
"$KUBECTL" get cachedimages -o wide
say "what the broken one says"
"$KUBECTL" get cachedimage test-invalid-image -o json | jq '.status | {phase, ready, failedNodes, conditions}'
say "what is on the node (containerd's own list)"
"$CTR" images ls -q | grep -v '^sha256:'
