# shellcheck shell=bash
# What every script of the cluster needs: where things are, messages, the daemons' start and end, waiting with a
# deadline. Sourced, never run. Sets HERE (tests/cluster); cluster_paths sets DIR and all that hangs on it.
#
# Whose process is it? Each daemon carries DROP_CLUSTER_OWNER=<DIR> in its environment, so that down.sh finds
# everything even if the scripts were killed half way. A pid file holds "pid start-time", so that a reused pid is
# never signalled.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MARK=DROP_CLUSTER_OWNER
# Debian puts runc and nsenter's friends in sbin, which a normal user's PATH lacks.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }

need() { # COMMAND... : all there, or say how to get them
	local c missing=()
	for c; do command -v "$c" >/dev/null 2>&1 || missing+=("$c"); done
	[ ${#missing[@]} -eq 0 ] || die "missing: ${missing[*]}. Run 'scripts/setup.sh cluster' from the top of the tree."
}

cluster_paths() { # DIR
	DIR=$(realpath -m -- "$1")
	[[ $DIR != *[[:space:]\'\"\\%]* ]] || die "DIR must have no blanks, quotes, backslashes or percent signs: $DIR"
	[[ ${#DIR} -ge 2 ]] || die "DIR must not be /"
	LOGS=$DIR/logs PIDS=$DIR/run PKI=$DIR/pki STATE=$DIR/state
	# Names of kernel things are made from DIR, so that they can be found again without any file.
	TAG=drop-$(printf %s "$DIR" | sha256sum | cut -c1-10)
}

lock_cluster() { # up, down and the changes of ctl exclude each other; the lock is beside DIR's content, in DIR
	exec 9>>"$DIR/.lock"
	flock -w 60 9 || die "another script is busy with $DIR (waited 60 s)"
}

start_time() { # PID -> the kernel's start time of it; fails if it is gone or a zombie
	local stat threads
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	stat=${stat##*) } # the command's name may hold blanks
	# A zombie whose other threads still end holds its sockets: its port is not free yet.
	if [ "${stat%% *}" = Z ]; then
		threads=("/proc/$1/task/"*)
		[ ${#threads[@]} -gt 1 ] || return 1
	fi
	# shellcheck disable=SC2086
	set -- $stat
	echo "${20}"
}

pid_of() { # NAME -> pid, if it is the process that we started
	local pid began
	{ read -r pid began <"$PIDS/$1.pid"; } 2>/dev/null || return 1
	[ "$(start_time "$pid")" = "$began" ] || return 1
	echo "$pid"
}

spawn() { # NAME COMMAND... : a daemon with a log, a pid file, our mark, and nothing of the caller's
	local name=$1 pid began
	shift
	# A subshell that becomes the daemon. It closes whatever the caller had open (a test harness waits for the end
	# of its pipes) and drops the environment (proxies, GOFLAGS, ...).
	(
		exec </dev/null >>"$LOGS/$name.log" 2>&1
		for fd in /proc/"$BASHPID"/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		ulimit -n "$(ulimit -Hn)"
		exec setsid env -i PATH="$PATH" HOME="$DIR" TMPDIR="$DIR/tmp" LANG=C "$MARK=$DIR" "$@"
	) &
	pid=$!
	disown "$pid" # no word from bash when it is killed
	began=$(start_time "$pid") || began=gone
	echo "$pid $began" >"$PIDS/$name.pid"
}

stop_daemon() { # NAME SIGNAL [SECONDS]: signal, then SIGKILL after the time; gone when it returns
	local pid i
	pid=$(pid_of "$1") || { rm -f "$PIDS/$1.pid"; return 0; }
	kill -s "$2" "$pid" 2>/dev/null || true
	for ((i = 0; i < ${3:-5} * 20; i++)); do
		pid_of "$1" >/dev/null || break
		sleep 0.05
	done
	if pid=$(pid_of "$1"); then kill -s KILL "$pid" 2>/dev/null || true; fi
	for ((i = 0; i < 100; i++)); do
		pid_of "$1" >/dev/null || { rm -f "$PIDS/$1.pid"; return 0; }
		sleep 0.05
	done
	die "$1 (pid $pid) does not die"
}

PATIENCE=5 # how many times what a part needs on a quiet machine

wait_for() { # SECONDS NAME COMMAND... : PATIENCE times SECONDS until COMMAND succeeds; fails early when NAME has died
	local name=$2 secs=$(($1 * PATIENCE))
	local end=$((${EPOCHREALTIME/./} + secs * 1000000))
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ -e "$PIDS/$name.pid" ] && ! pid_of "$name" >/dev/null; then
			tail_log "$name"
			die "$name ended before it was ready (its log's end is above; all of it: $LOGS/$name.log)"
		fi
		if [ "${EPOCHREALTIME/./}" -ge "$end" ]; then
			tail_log "$name"
			die "$name: not ready after $secs s, still failing: $* (log: $LOGS/$name.log)"
		fi
		sleep 0.1
	done
}

tail_log() { [ ! -s "$LOGS/$1.log" ] || { say "end of $LOGS/$1.log:"; tail -n 25 "$LOGS/$1.log" | cut -c1-400 >&2; }; }

api() { # PATH [curl options]: one request to the API server as administrator
	local path=$1
	shift
	curl -sSf --max-time 5 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" \
		"https://127.0.0.1:$API_PORT$path" "$@"
}

load_state() { # what up.sh recorded: ports, flags, nodes
	[ -r "$STATE" ] || die "no cluster in $DIR (run up.sh $DIR first)"
	# shellcheck disable=SC1090
	. "$STATE"
}
