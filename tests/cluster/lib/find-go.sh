# shellcheck shell=bash
# Finds a Go that can build the cluster (CoreDNS 1.15 and containerd 2.4 ask for 1.26) and never lets Go fetch another toolchain.
# Sourced by build.sh and scripts/setup.sh. find_go sets GO to its path, or fails.

GO_MIN_MINOR=26
DROP_CACHE=${DROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/drop}

find_go() {
	local version
	for GO in "$(command -v go || true)" /usr/local/go/bin/go "$DROP_CACHE/go-venv/bin/go"; do
		[ -x "$GO" ] || continue
		version=$(GOTOOLCHAIN=local "$GO" env GOVERSION 2>/dev/null) || continue
		[[ $version =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$GO_MIN_MINOR" ] && return 0
	done
	GO=
	return 1
}
