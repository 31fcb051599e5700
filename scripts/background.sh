#!/usr/bin/env bash
# Becomes a command that gets the processor time that others leave: background.sh COMMAND...
# nice alone is not enough: a kernel that groups processes by session (sched_autogroup) gives each session its share,
# whatever its members' niceness. So, as root, it runs in a cgroup of the least weight, /drop-background, which stays for the
# next one until `background.sh --remove`. Where no such group can be made, nice is all.
set -euo pipefail

for root in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup; do
	[ -e "$root/cgroup.procs" ] || continue
	group=$root/drop-background
	if [ "${1-}" = --remove ]; then
		[ ! -d "$group" ] || rmdir "$group" 2>/dev/null || true # another run is in it
		continue
	fi
	{ echo +cpu >"$root/cgroup.subtree_control"; } 2>/dev/null || true # version 2 only
	mkdir -p "$group" 2>/dev/null || continue
	{ echo 2 >"$group/cpu.shares" || echo 1 >"$group/cpu.weight"; } 2>/dev/null || continue
	! { echo $$ >"$group/cgroup.procs"; } 2>/dev/null || break
done
[ "${1-}" = --remove ] || exec nice -n 19 "$@"
