# shellcheck shell=bash
# A node, seen from the machine: its cgroup, certificate and settings, and the namespaces in which its runtime (containerd,
# or CRI-O: crio.sh) and kubelet run. Inside, node-init.sh makes private mounts, so both find their usual default paths there.
#
# Why namespaces: PID 1 of the node's PID namespace is the one thing to kill. The kernel then ends everything in it
# (containerd, kubelet, shims, containers), and with the last process go the mounts, the network namespaces and the
# pods' interfaces. Nothing depends on a clean end. What is left is the cgroup, removed by cgroup_remove.

in_node() { # NODE COMMAND... : runs in the node's mount and PID namespaces, with a clean environment
	local pid
	pid=$(pid_of "init-$1") || { say "node $1 is not up"; return 1; }
	shift
	nsenter -t "$pid" -m -p -- env -i PATH="/run/runtime:$PATH" HOME=/run TMPDIR=/run/tmp LANG=C "$MARK=$DIR" "$@"
}

in_node_daemon() { # NODE NAME COMMAND... : the same for a daemon; its log is NAME-NODE.log
	local node=$1 name=$2 pid
	shift 2
	pid=$(pid_of "init-$node") || die "node $node is not up"
	# The recorded process is nsenter, which ends with its child; the child's pid in the node is in /run/NAME.pid.
	# shellcheck disable=SC2016
	spawn "$name-$node" nsenter -t "$pid" -m -p -- env PATH="/run/runtime:$PATH" HOME=/run TMPDIR=/run/tmp \
		sh -c 'echo $$ >"/run/$0.pid"; exec "$@"' "$name" "$@"
}

node_signal() { # NODE NAME SIGNAL: to the daemon inside the node
	# shellcheck disable=SC2016
	in_node "$1" sh -c 'kill -s "$1" "$(cat "/run/$0.pid")"' "$2" "$3" 2>/dev/null || true
}

cgroup_roots() { # the mount points of all hierarchies: cgroup v1 has several, v2 one
	awk '$0 ~ / - cgroup2? / { print $5 }' /proc/self/mountinfo
}

cgroup_make() { # NODE: what kubelet expects to exist as its cgroupRoot
	local root dir file c
	while read -r root; do
		dir=$root/$TAG
		mkdir -p "$dir/$1" || die "cannot make a cgroup in $root"
		for file in cpuset.cpus cpuset.mems; do # on v1 a new cpuset is empty, and no process may enter it
			[ ! -e "$root/$file" ] || [ -e "$root/cgroup.controllers" ] ||
				for c in "$dir" "$dir/$1"; do cat "$c/../$file" >"$c/$file"; done
		done
		[ ! -e "$root/cgroup.controllers" ] ||
			for c in $(<"$root/cgroup.controllers"); do
				for file in "$root" "$dir" "$dir/$1"; do
					echo "+$c" >"$file/cgroup.subtree_control" 2>/dev/null || true
				done
			done
	done < <(cgroup_roots)
}

runtime_part() { # the part of a node that is its runtime
	case $RUNTIME in crio-*) echo crio ;; *) echo containerd ;; esac
}

node_settings() { # NODE SUBNET (its first three bytes) PORT: certificate, kubeconfig, and the configuration files of both programs
	local home=$DIR/nodes/$1 runtime
	runtime=$(runtime_part)
	mkdir -p "$home"/{lib/containerd,lib/kubelet,log/pods,cni,certs.d}
	pki_cert "node-$1" "/O=system:nodes/CN=system:node:$1" "DNS:$1,DNS:localhost,IP:127.0.0.1"
	pki_kubeconfig "$home/kubeconfig" "node-$1"

	# ptp and not bridge: it leaves no interface of its own on the machine. With a network there is one, and it is removed.
	local plugin='"type": "ptp", "ipMasq": false' range="\"subnet\": \"$2.0/24\"" routes=
	if [ -n "$NETWORK" ]; then
		plugin="\"type\": \"bridge\", \"bridge\": \"$(bridge_name)\""
		range="\"subnet\": \"$POD_NET.0.0/$GATEWAY_BITS\", \"rangeStart\": \"$2.2\", \"rangeEnd\": \"$2.254\""
		routes=", \"routes\": [{\"dst\": \"0.0.0.0/0\", \"gw\": \"$POD_NET.127.2\"}]"
	fi
	cat >"$home/cni/10-$TAG.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "$TAG", "plugins": [{$plugin,
 "ipam": {"type": "host-local", "ranges": [[{$range}]]$routes, "dataDir": "/run/cni/networks"}}]}
EOF
	# Docker Hub's names lead to our registry, as mirror and as last resort: a missing tag is "not found" and never
	# a question to the internet. Other hosts have no entry: they fail as unknown hosts do (see node-init.sh).
	local host
	for host in docker.io "127.0.0.1:$REGISTRY_PORT" ${NETWORK:+registry.e2e-infra.svc.cluster.local:5000}; do
		mkdir -p "$home/certs.d/$host"
		cat >"$home/certs.d/$host/hosts.toml" <<EOF
server = "http://127.0.0.1:$REGISTRY_PORT"
[host."http://127.0.0.1:$REGISTRY_PORT"]
  capabilities = ["pull", "resolve"]
EOF
	done
	cat >"$home/containerd.toml" <<EOF
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "127.0.0.1:$REGISTRY_PORT/pause:1"
  # Without it runc fails where this process may not lower its own score: "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  enable_selinux = false
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "SNAPSHOTTER"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$(cni_dir)"
    conf_dir = "/run/node/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/run/node/certs.d"
EOF
	cat >"$home/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: $3
healthzPort: 0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: /run/cluster/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: /run/cluster/pki/node-$1.crt
tlsPrivateKeyFile: /run/cluster/pki/node-$1.key
containerRuntimeEndpoint: unix:///run/$runtime/$runtime.sock
makeIPTablesUtilChains: false
cgroupDriver: cgroupfs
cgroupRoot: /$TAG/$1
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
resolvConf: /run/node/resolv.conf
# A full disk of the machine under test is no reason to evict or to collect images.
evictionHard: {imagefs.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.inodesFree: 0%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
EOF
	[ -z "$NETWORK" ] || printf 'clusterDNS: [%s]\nclusterDomain: cluster.local\n' "$SERVICE_NET.10" >>"$home/kubelet.yaml"
	: >"$home/resolv.conf"
	[ "$runtime" != crio ] || crio_settings "$1"
}

cni_dir() { # where the packages of this system put the plugins
	local dir
	for dir in /usr/lib/cni /opt/cni/bin /usr/libexec/cni; do
		if [ -x "$dir/ptp" ] && [ -x "$dir/host-local" ]; then echo "$dir"; return; fi
	done
	die "no CNI plugins found. Run 'scripts/setup.sh cluster' from the top of the tree."
}

start_node_namespaces() { # NODE
	cgroup_make "$1"
	# The outer process only waits; it takes PID 1 with it when it dies.
	spawn "node-$1" unshare --mount --propagation private --pid --fork --kill-child=KILL \
		bash "$HERE/lib/node-init.sh" "$DIR" "$1" "$BIN" "$RUNTIME_BIN"
}
node_inside_ready() { [ -e "$DIR/nodes/$1/ready" ]; }
wait_node_namespaces() { wait_for 10 "node-$1" node_inside_ready "$1"; }

start_containerd() { in_node_daemon "$1" containerd containerd --config /run/node/containerd.toml "${@:2}"; }
containerd_ready() { in_node "$1" ctr --timeout 2s plugins ls | grep -q 'io.containerd.grpc.v1 *cri .* ok'; }
wait_containerd() { wait_for 20 "containerd-$1" containerd_ready "$1"; }

start_kubelet() { # NODE [FLAGS...]
	local node=$1
	shift
	date -u +%FT%T.%6NZ >"$DIR/nodes/$node/kubelet-started"
	in_node_daemon "$node" kubelet /run/bin/kubelet --config=/run/node/kubelet.yaml --kubeconfig=/run/node/kubeconfig \
		--hostname-override="$node" --root-dir=/var/lib/kubelet "$@"
}
node_ready() { # this kubelet renewed its lease, is Ready, and the node lifecycle controller took the not-ready taint away
	local renewed
	renewed=$(api "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/$1" | jq -r .spec.renewTime)
	[[ $renewed > $(<"$DIR/nodes/$1/kubelet-started") ]] || return 1
	api "/api/v1/nodes/$1" | jq -e '(.spec.taints // [] | length == 0) and
		([.status.conditions[] | select(.type == "Ready") | .status] == ["True"])'
}
wait_node() { wait_for 60 "kubelet-$1" node_ready "$1"; }

write_ctr() { # NODE: containerd's client for by-hand work; the socket is inside the node, so no path limit matters
	cat >"$DIR/nodes/$1/ctr" <<EOF
#!/bin/sh
# ctr of node $1, e.g.: $DIR/nodes/$1/ctr images ls ; ... images rm docker.io/library/nginx:1.25-alpine
read -r pid _ <"$PIDS/init-$1.pid" || exit 1
exec nsenter -t "\$pid" -m -- env PATH="/run/runtime:\$PATH" ctr --address /run/containerd/containerd.sock --namespace k8s.io "\$@"
EOF
	chmod 755 "$DIR/nodes/$1/ctr"
}
