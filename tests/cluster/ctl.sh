#!/usr/bin/env bash
# Breaks and mends parts of a running cluster: ctl.sh DIR COMMAND
#   status                       every part and its pid; fails if one is dead
#   stop-PART                    SIGKILL. PART: apiserver etcd controller-manager scheduler registry,
#                                kubelet [NODE], containerd or crio [NODE]; of a network also kube-proxy, dns
#   start-PART [NODE] [--kubernetes 1.36] [FLAGS...]  the same port and data, waits until it serves; FLAGS come after
#                                up.sh's; of that Kubernetes, for an upgrade (until it is started again without)
#   freeze-PART, thaw-PART       SIGSTOP and SIGCONT: connections stay open and nothing answers
#   compact                      etcd forgets all history before now. The API server still answers from its watch
#                                cache, so old watches and continue tokens go on working: for 410 use expire
#   expire                       compact while the API server is down: afterwards every older resourceVersion and
#                                continue token gets 410 (about 2 s; connections break)
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
for part in pki control node crio network; do . "$HERE/lib/$part.sh"; done

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
cluster_paths "$1"
command=$2
shift 2
load_state
[ "$command" = status ] || lock_cluster

take_node() { # sets node: the first argument if it is a node's name (then it is used up), else the first node
	local one
	node=${NODES[0]-} used=0
	[ -n "$node" ] || die "this cluster has no node"
	for one in "${NODES[@]}"; do [ "${1-}" != "$one" ] || { node=$one; used=1; }; done
}

take_version() { # sets BIN, and used: how many words say so
	used=0
	[ "${1-}" = --kubernetes ] || return 0
	[ $# -ge 2 ] || usage
	BIN=$("$HERE/build.sh" cluster "$2") used=2
}

daemon_of() { # PART -> the name of its log and pid file
	case $1 in
	apiserver | controller-manager | scheduler) echo "kube-$1" ;;
	*) echo "$1" ;;
	esac
}

signal_part() { # PART SIGNAL [NODE]
	case $1 in
	kubelet | containerd | crio)
		take_node "${@:3}"
		pid_of "$1-$node" >/dev/null || die "$1 of $node is not running"
		node_signal "$node" "$1" "$2"
		# nsenter stops itself together with its child.
		[ "$2" != CONT ] || kill -s CONT "$(pid_of "$1-$node")" ;;
	*)
		kill -s "$2" "$(pid_of "$(daemon_of "$1")" || die "$1 is not running")" ;;
	esac
}

stop_part() { # PART [NODE]
	case $1 in
	kubelet | containerd | crio)
		take_node "${@:2}"
		node_signal "$node" "$1" KILL
		stop_daemon "$1-$node" CONT ;; # nsenter ends by itself, with what it waited for
	*) stop_daemon "$(daemon_of "$1")" KILL ;;
	esac
}

start_part() { # PART [NODE] [FLAGS...]
	local part=$1 used=0
	shift
	case $part in
	kubelet | containerd | crio)
		take_node "$@"
		shift "$used"
		! pid_of "$part-$node" >/dev/null || die "$part of $node is running"
		take_version "$@"
		shift "$used"
		[ "$part" != kubelet ] || nsenter -t "$(pid_of "init-$node")" -m mount -n --bind "$BIN" /run/bin
		if [ "$part" = kubelet ]; then set -- "${KUBELET_FLAGS[@]}" "$@"; fi
		"start_$part" "$node" "$@"
		if [ "$part" = kubelet ]; then wait_node "$node"; else "wait_$part" "$node"; fi
		return ;;
	esac
	! pid_of "$(daemon_of "$part")" >/dev/null || die "$part is running"
	take_version "$@"
	shift "$used"
	case $part in
	etcd) start_etcd "${ETCD_FLAGS[@]}" "$@" && wait_etcd ;;
	apiserver) start_apiserver "${API_FLAGS[@]}" "$@" && wait_apiserver ;;
	controller-manager) start_controller_manager "${KCM_FLAGS[@]}" "$@" && wait_controller_manager ;;
	scheduler) start_scheduler "$@" && wait_scheduler ;;
	registry) start_registry && wait_registry ;;
	kube-proxy) start_kube_proxy "$@" && wait_network ;;
	dns) start_dns && wait_network ;;
	esac
}

etcd_post() { curl -sS --max-time 10 -X POST "http://127.0.0.1:$ETCD_PORT/v3/kv/$1" -d "$2"; }

compact() { # by etcd's JSON gateway; the API server's own bookkeeping is not touched
	local revision answer
	revision=$(etcd_post range '{"key":"AA=="}' | jq -er .header.revision) || die "etcd does not answer"
	answer=$(etcd_post compaction "{\"revision\":\"$revision\",\"physical\":true}")
	[[ $answer == '{"header"'* || $answer == *'has been compacted'* ]] || die "etcd does not compact: $answer"
	say "history before revision $revision is gone"
}

status() {
	local file name pid bad=0
	for file in "$PIDS"/*.pid; do
		name=$(basename "$file" .pid)
		if pid=$(pid_of "$name"); then echo "$name $pid"; else echo "$name dead"; bad=1; fi
	done
	return "$bad"
}

case $command in
status) status ;;
compact) compact ;;
expire)
	stop_part apiserver
	compact
	start_part apiserver ;;
stop-* | start-* | freeze-* | thaw-*)
	part=${command#*-}
	case $part in
	apiserver | etcd | controller-manager | scheduler | registry | kubelet) ;;
	containerd | crio) [ "$part" = "$(runtime_part)" ] || die "the runtime is $RUNTIME" ;;
	kube-proxy | dns) [ -n "$NETWORK" ] || die "this cluster has no network: up.sh DIR --network" ;;
	*) usage ;;
	esac
	case $command in
	stop-*) stop_part "$part" "$@" ;;
	start-*) start_part "$part" "$@" ;;
	freeze-*) signal_part "$part" STOP "$@" ;;
	thaw-*) signal_part "$part" CONT "$@" ;;
	esac ;;
*) usage ;;
esac
