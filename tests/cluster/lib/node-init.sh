#!/bin/bash
# PID 1 of a node's mount and PID namespaces: node-init.sh DIR NODE BIN RUNTIME_BIN. Makes the node's own view of the file system
# and becomes a process that waits and reaps. Whatever is mounted here is seen by the node only and dies with it:
#   /run          empty: sockets, network namespaces, containerd's state. /run/cluster is DIR, /run/node DIR/nodes/NODE,
#                 /run/bin the built programs, /run/runtime the runtime's unless it is Debian's: DIR may be as long or as odd a
#                 path as it likes
#   /var/lib      empty but for the runtime and kubelet, kept in DIR/nodes/NODE/lib; /var/log likewise
#   /proc/sys     the settings that kubelet and the CNI plugin insist on changing are plain files here
#   name lookup   files only: an unknown host fails at once, "no such host", and nothing leaves the machine
set -euo pipefail

dir=$1 node=$2 bin=$3 runtime=$4 home=$1/nodes/$2

# /proc is still the machine's: our pid there and our start time, which down.sh and ctl.sh go by. (read, and not
# $(<...): that would be the pid of a subshell.)
read -r stat </proc/self/stat
read -ra rest <<<"${stat##*) }"
echo "${stat%% *} ${rest[19]}" >"$dir/run/init-$node.pid"
mount -n -t proc proc /proc

# Staged below DIR and moved into place at the end, since DIR or BIN may themselves be below /run or /var.
# -n: the list of mounts that mount keeps in /run is not ours to write.
stage=$home/stage
mkdir -p "$stage"/{run,lib,log}
for one in run lib log; do mount -n -t tmpfs -o mode=755 "drop-$one" "$stage/$one"; done
mkdir -p "$stage"/run/{cluster,node,bin,runtime,tmp,containerd,netns,sys,lock} "$stage"/lib/{containerd,crio,kubelet,cni} "$stage"/log/pods
mount -n --bind "$dir" "$stage/run/cluster"
mount -n --bind "$home" "$stage/run/node"
mount -n --bind "$bin" "$stage/run/bin"
[ -z "$runtime" ] || mount -n --bind "$runtime" "$stage/run/runtime"
mount -n --bind "$home/lib/containerd" "$stage/lib/containerd"
[ ! -d "$home/lib/crio" ] || mount -n --bind "$home/lib/crio" "$stage/lib/crio"
mount -n --bind "$home/lib/kubelet" "$stage/lib/kubelet"
mount -n --bind "$home/log/pods" "$stage/log/pods"
# kubelet hands out volumes of its pods by mounts that the containers' must see.
mount -n --make-shared "$stage/lib/kubelet"

fake() { # SETTING VALUE: as if it were set, without changing the machine
	[ -e "/proc/sys/$1" ] || return 0
	echo "$2" >"$stage/run/sys/${1//\//.}"
	mount -n --bind "$stage/run/sys/${1//\//.}" "/proc/sys/$1"
}
fake vm/overcommit_memory 1
fake vm/panic_on_oom 0
fake kernel/panic 10
fake kernel/panic_on_oops 1
fake kernel/keys/root_maxkeys 1000000
fake kernel/keys/root_maxbytes 25000000
fake net/ipv4/ip_forward 1

echo 'hosts: files' >"$stage/run/nsswitch.conf"
[ ! -e /etc/nsswitch.conf ] || mount -n --bind "$stage/run/nsswitch.conf" /etc/nsswitch.conf
[ ! -e "$dir/hosts" ] || mount -n --bind "$dir/hosts" /etc/hosts

# overlayfs does not work on every file system (not on another overlay, as in a container): then plain copies.
snapshotter=native driver=vfs
mkdir -p "$home/lib/try"/{lower,upper,work,merged}
if mount -n -t overlay overlay -o "lowerdir=$home/lib/try/lower,upperdir=$home/lib/try/upper,workdir=$home/lib/try/work" \
	"$home/lib/try/merged" 2>/dev/null; then
	umount -n "$home/lib/try/merged"
	snapshotter=overlayfs driver=overlay
fi
rm -rf "$home/lib/try"
sed -i "s/SNAPSHOTTER/$snapshotter/" "$home/containerd.toml"
[ ! -e "$home/crio/crio.conf" ] || sed -i "s/SNAPSHOTTER/$driver/" "$home/crio/crio.conf"

# Relative (-c: taken as they are), since each move may hide DIR itself.
cd "$stage"
for one in lib log run; do
	target=/var/$one
	[ $one != run ] || target=/run
	mount -n -c --move "$one" "$target"
done
cd /run
touch /run/node/ready
exec /run/cluster/box pause
