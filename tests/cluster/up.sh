#!/usr/bin/env bash
# Brings up a real Kubernetes on loopback, all of it below DIR, and returns when its nodes are Ready:
#   up.sh DIR [--kubernetes 1.29|1.34|1.36] [--runtime containerd-1.6|containerd-2|crio-1.34] [--network]
#             [--no-kubelet | --nodes NAME,NAME...] [--no-images] [--apiserver-flags '...'] [--etcd-flags '...']
#             [--controller-manager-flags '...'] [--kubelet-flags '...']
# etcd, kube-apiserver, kube-controller-manager, kube-scheduler, a registry with test images; and for each node (one,
# "drop-node", by default; this part needs root) a runtime and a kubelet. With --network also kube-proxy and a cluster DNS:
# pods reach services, the API server's among them. Afterwards: '. DIR/env'. If a part does not come up, the end of its log
# is shown and all is taken down again. down.sh DIR ends it.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
for part in pki control node crio network clean; do . "$HERE/lib/$part.sh"; done

usage() { sed -n '3,5s/^# *//p' "$0" >&2; exit 2; }

NODES=(drop-node) API_FLAGS=() ETCD_FLAGS=() KCM_FLAGS=() KUBELET_FLAGS=() images=yes where=
KUBERNETES=1.34 RUNTIME=containerd-1.6 NETWORK=''
while [ $# -gt 0 ]; do
	case $1 in
	--no-kubelet) NODES=() ;;
	--no-images) images= ;;
	--network) NETWORK=yes ;;
	--nodes | --kubernetes | --runtime | --*-flags)
		[ $# -ge 2 ] || usage
		case $1 in
		--nodes) IFS=, read -ra NODES <<<"$2" ;;
		--kubernetes) KUBERNETES=$2 ;;
		--runtime) RUNTIME=$2 ;;
		--apiserver-flags) read -ra API_FLAGS <<<"$2" ;;
		--etcd-flags) read -ra ETCD_FLAGS <<<"$2" ;;
		--controller-manager-flags) read -ra KCM_FLAGS <<<"$2" ;;
		--kubelet-flags) read -ra KUBELET_FLAGS <<<"$2" ;;
		*) usage ;;
		esac
		shift ;;
	-*) usage ;;
	*) [ -z "$where" ] || usage; where=$1 ;;
	esac
	shift
done
[ -n "$where" ] || usage
cluster_paths "$where"
for node in "${NODES[@]}"; do
	[[ $node =~ ^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$ ]] || die "not a usable node name: '$node'"
done

need curl jq openssl python3 docker-registry flock setsid "${CC:-cc}"
if [ ${#NODES[@]} -gt 0 ]; then
	need runc ip unshare nsenter mount
	case $RUNTIME in
	containerd-1.6) need containerd ctr ;;
	containerd-2) ;;
	crio-1.34) need conmon ;;
	*) die "no such runtime: $RUNTIME" ;;
	esac
	[ "$(id -u)" = 0 ] || die "a node needs root (containerd, cgroups): use sudo, or --no-kubelet for the API alone"
fi
[ -z "$NETWORK" ] || [ ${#NODES[@]} -gt 0 ] || die "a network needs a node"
[ -z "$NETWORK" ] || need iptables
BIN=$("$HERE/build.sh" cluster "$KUBERNETES")
RUNTIME_BIN='' DNS_BIN=''
if [ ${#NODES[@]} -gt 0 ]; then
	case $RUNTIME in
	containerd-2) RUNTIME_BIN=$("$HERE/build.sh" containerd) ;;
	crio-1.34) RUNTIME_BIN=$("$HERE/build.sh" crio) ;;
	esac
fi
[ -z "$NETWORK" ] || DNS_BIN=$("$HERE/build.sh" dns)
begun=${EPOCHREALTIME/./}

mkdir -p "$DIR"
lock_cluster
if [ -r "$STATE" ] && [ -n "$(marked_pids)" ]; then
	die "a cluster is up in $DIR already ('ctl.sh $DIR status'); down.sh $DIR ends it"
fi
clean_cluster # what an earlier run left, if it crashed
rm -rf "$LOGS" "$DIR"/audit*.log
mkdir -p "$LOGS" "$PIDS" "$DIR/tmp" "$DIR/nodes"
# Whatever goes wrong from here on, ^C too: nothing is left running. The logs stay.
trap 'code=$?; trap - EXIT; say "failed; taking down what was started (logs stay in $LOGS)"; clean_cluster; exit $code' EXIT
trap 'exit 130' INT TERM HUP

{
	read -r POD_NET
	read -r ETCD_PORT; read -r ETCD_PEER_PORT; read -r API_PORT; read -r KCM_PORT; read -r SCHED_PORT
	read -r REGISTRY_PORT
	mapfile -t KUBELET_PORTS
} < <(python3 "$HERE/lib/ports.py" $((6 + ${#NODES[@]})) "$DIR")
SERVICE_NET=10.96.0
[ -z "$NETWORK" ] || SERVICE_NET=$POD_NET.254
# -g: load_state reads it inside a function.
declare -p BIN RUNTIME_BIN DNS_BIN NETWORK KUBERNETES RUNTIME SERVICE_NET POD_NET ETCD_PORT ETCD_PEER_PORT API_PORT KCM_PORT SCHED_PORT REGISTRY_PORT NODES \
	API_FLAGS ETCD_FLAGS KCM_FLAGS KUBELET_FLAGS KUBELET_PORTS | sed 's/^declare -\(-\|a\)/declare -g\1/; s/-g-/-g/' >"$STATE"

start_etcd "${ETCD_FLAGS[@]}"
start_registry
"${CC:-cc}" -static -Os -s -o "$DIR/box" "$HERE/lib/box.c" || die "no static program can be built: is gcc with libc6-dev there?"
pki_all
if [ -n "$NETWORK" ]; then bridge_make; start_relay; fi
start_apiserver "${API_FLAGS[@]}"
for i in "${!NODES[@]}"; do
	node_settings "${NODES[i]}" "$POD_NET.$i" "${KUBELET_PORTS[i]}"
	[ "$(runtime_part)" = crio ] || write_ctr "${NODES[i]}"
	start_node_namespaces "${NODES[i]}"
done
for node in "${NODES[@]}"; do wait_node_namespaces "$node"; "start_$(runtime_part)" "$node"; done

wait_registry
push() { python3 "$HERE/lib/image.py" "127.0.0.1:$REGISTRY_PORT" "$DIR/box" "$@"; }
push --scratch pause:1 >>"$LOGS/images.log"
if [ -n "$images" ]; then
	push library/nginx:1.25-alpine 900 library/redis:7-alpine 600 library/alpine:3.19 300 library/busybox:1.36 \
		test/myapp:v{1,2,3,4,5} test/big:1 40960 >>"$LOGS/images.log"
	push --scratch test/scratch:1 >>"$LOGS/images.log"
fi

wait_etcd
wait_apiserver
start_controller_manager "${KCM_FLAGS[@]}"
start_scheduler
[ -z "$NETWORK" ] || start_network
for node in "${NODES[@]}"; do
	"wait_$(runtime_part)" "$node"
	start_kubelet "$node" "${KUBELET_FLAGS[@]}"
done
wait_controller_manager
wait_scheduler
for node in "${NODES[@]}"; do wait_node "$node"; done
[ -z "$NETWORK" ] || wait_network

ctr=$DIR/nodes/${NODES[0]-}/ctr
[ -e "$ctr" ] || ctr=
cat >"$DIR/env" <<EOF
# Source this. The cluster in $DIR, brought up $(date -u +%FT%TZ).
export KUBECONFIG=$DIR/kubeconfig
export KUBECTL=$BIN/kubectl PATH=$BIN:\$PATH
export KUBERNETES_VERSION=$KUBERNETES RUNTIME=$RUNTIME
export APISERVER=https://127.0.0.1:$API_PORT
export REGISTRY=127.0.0.1:$REGISTRY_PORT SKOPEO_FLAGS=--dest-tls-verify=false
export ETCD=http://127.0.0.1:$ETCD_PORT
export CA_CERT=$PKI/ca.crt CLIENT_CERT=$PKI/admin.crt CLIENT_KEY=$PKI/admin.key
export AUDIT_LOG=$DIR/audit.log
export CLUSTER_DIR=$DIR CLUSTER_LOGS=$LOGS
# The first node, all of them, and the first one's containerd client (the others': \$CLUSTER_DIR/nodes/NAME/ctr; CRI-O has none).
export NODE=${NODES[0]-}
export NODES='${NODES[*]}'
export CTR=$ctr
EOF
trap - EXIT
say "up in $(((${EPOCHREALTIME/./} - begun) / 1000)) ms: . $DIR/env"
