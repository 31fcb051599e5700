# shellcheck shell=bash
# Takes everything of a cluster away, whatever state it is in: half started, crashed, already gone, its folder
# deleted. Works from DIR's name alone (the mark in the environment of every process, the cgroup's name), so it does
# not matter which files were written. Safe to run again.

marked_pids() { # every process of this cluster, found by our mark; prints "pid"
	local environ
	for environ in /proc/[0-9]*/environ; do
		{ tr '\0' '\n' <"$environ" | grep -qxF "$MARK=$DIR"; } 2>/dev/null || continue
		environ=${environ%/environ}
		echo "${environ#/proc/}"
	done
}

cgroup_pids() {
	local root
	while read -r root; do
		[ ! -d "$root/$TAG" ] || find "$root/$TAG" -name cgroup.procs -exec cat {} + 2>/dev/null || true
	done < <(cgroup_roots) | sort -un
}

kill_all() { # no order and no grace: nothing of this is kept. Repeats, as a dying parent may have just forked
	local pids i
	for ((i = 0; i < 100; i++)); do
		pids=$(marked_pids; cgroup_pids)
		[ -n "$pids" ] || return 0
		# shellcheck disable=SC2086
		kill -s KILL $pids 2>/dev/null || true
		sleep 0.05
	done
	die "these processes of $DIR do not die: ${pids//$'\n'/ }"
}

cgroup_remove() {
	local root i left
	for ((i = 0; i < 100; i++)); do
		left=
		while read -r root; do
			[ -d "$root/$TAG" ] || continue
			find "$root/$TAG" -depth -type d -exec rmdir {} + 2>/dev/null || true
			[ ! -d "$root/$TAG" ] || left=$root/$TAG
		done < <(cgroup_roots)
		[ -n "$left" ] || return 0
		sleep 0.05
	done
	say "a cgroup stays behind: $left"
	return 1
}

mounts_remove() { # there should be none on this side of the namespaces; this is the belt to those braces
	local target
	awk -v d="$DIR/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r target; do
		umount -l "$target" || say "a mount stays behind: $target"
	done
}

routes_gone() { [ -z "${POD_NET-}" ] || ! ip route | grep -q "^${POD_NET//./\\.}\."; }

clean_cluster() { # keeps the logs and what tells about the run, removes the data
	local i
	kill_all
	if [ "$(id -u)" = 0 ]; then
		cgroup_remove
		mounts_remove
		bridge_remove
		# The kernel dismantles network namespaces by itself, a moment after their last process.
		for ((i = 0; i < 100; i++)); do ! routes_gone || break; sleep 0.05; done
		routes_gone || say "routes of the pods stay behind: see 'ip route'"
	fi
	python3 "$HERE/lib/ports.py" --release "$DIR"
	rm -rf "$PIDS" "$STATE" "$DIR"/{etcd,registry,tmp,nodes,box,env,kubeconfig,pki,hosts,registry.yaml}
}
