# shellcheck shell=bash
# CRI-O as a node's runtime, in the node's namespaces as containerd is (node.sh): its settings, start and readiness. conmon and runc
# are Debian's; pinns comes with CRI-O. Images are in containers-storage below /var/lib/crio of the node.

crio_settings() { # NODE: crio.conf, and where images come from
	local home=$DIR/nodes/$1
	mkdir -p "$home/crio" "$home/lib/crio"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$home/crio/policy.json"
	# Docker Hub's names lead to our registry, and every registry on a loopback address is asked in plain http.
	cat >"$home/crio/registries.conf" <<EOF
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:$REGISTRY_PORT"
insecure = true
[[registry]]
location = "127.0.0.1"
insecure = true
EOF
	[ -z "$NETWORK" ] || cat >>"$home/crio/registries.conf" <<EOF
[[registry]]
prefix = "registry.e2e-infra.svc.cluster.local:5000"
location = "127.0.0.1:$REGISTRY_PORT"
insecure = true
EOF
	# A container may not get a lower score than the programs of this machine may give: then runc fails. containerd has a setting
	# for that (restrict_oom_score_adj); here the score is taken out of what runc is told. Limits of huge pages fail where the
	# machine has no such cgroup.
	cat >"$home/crio/runc" <<'EOF'
#!/bin/bash
previous=
for word; do
	if [ "$previous" = --bundle ] || [ "$previous" = -b ]; then
		jq 'del(.process.oomScoreAdj, .linux.resources.hugepageLimits)' "$word/config.json" >"$word/config.new" && mv "$word/config.new" "$word/config.json"
	fi
	previous=$word
done
exec runc "$@"
EOF
	chmod 755 "$home/crio/runc"
	cat >"$home/crio/crio.conf" <<EOF
[crio]
root = "/var/lib/crio"
runroot = "/run/crio/storage"
storage_driver = "SNAPSHOTTER"
log_dir = "/var/log/pods"
version_file = "/run/crio/version"
clean_shutdown_file = "/run/crio/clean"
[crio.api]
listen = "/run/crio/crio.sock"
[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
selinux = false
pinns_path = "/run/runtime/pinns"
namespaces_dir = "/run/crio/ns"
container_exits_dir = "/run/crio/exits"
container_attach_socket_dir = "/run/crio"
[crio.runtime.runtimes.runc]
runtime_path = "/run/node/crio/runc"
runtime_type = "oci"
runtime_root = "/run/runc"
monitor_path = "$(command -v conmon)"
[crio.image]
pause_image = "127.0.0.1:$REGISTRY_PORT/pause:1"
pause_command = ""
signature_policy = "/run/node/crio/policy.json"
[crio.network]
network_dir = "/run/node/cni"
plugin_dirs = ["$(cni_dir)"]
[crio.nri]
enable_nri = false
EOF
}

start_crio() { # NODE [FLAGS...]
	in_node_daemon "$1" crio /run/runtime/crio --config /run/node/crio/crio.conf --config-dir '' \
		--registries-conf /run/node/crio/registries.conf --registries-conf-dir /run/node/crio/none "${@:2}"
}
crio_ready() { in_node "$1" curl -sf --max-time 2 --unix-socket /run/crio/crio.sock http://localhost/info; }
wait_crio() { wait_for 20 "crio-$1" crio_ready "$1"; }
