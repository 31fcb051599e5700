#!/usr/bin/env bash
# Cross-compiles the operator for arm64 into build/arm64/bin, against Debian's arm64 libraries, and lets the kernel run it by
# emulation, for example on a cluster of tests/cluster:
#   unshare -p -f --mount-proc --kill-child build/arm64/bin/drop-supervisor --kubeconfig DIR/kubeconfig --socket-dir /tmp/s
# (as process 1, as in a container: qemu knows no subreapers). A minute or two; nothing is emulated. Needs root for the kernel's
# part only.
#   arm64.sh --release DIR   compiles into DIR what users run, and prints the folder of the libraries (deploy/image/build.sh)
#   arm64.sh --emulate       only lets the kernel run programs for arm64
# The libraries are unpacked below $DROP_CACHE, once, with what dpkg would know of them; apt's own state and the machine's packages
# stay as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

. tests/cluster/lib/find-go.sh # DROP_CACHE
release=
case ${1-} in
--release) release=${2:?usage: arm64.sh --release DIR} ;;
--emulate | '') ;;
*) sed -n '2,9s/^# *//p' "$0" >&2; exit 2 ;;
esac

emulate() {
	[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
}

if [ "${1-}" = --emulate ]; then
	scripts/setup.sh foreign
	emulate
	exit
fi
scripts/setup.sh build foreign >&2
read -ra wanted <<<"$(scripts/setup.sh --list operator | tr ' ' '\n' | grep -- '-dev$' | tr '\n' ' ') libcmocka-dev \
	base-files ca-certificates tzdata"
root=$DROP_CACHE/arm64-$(echo "${wanted[*]}" | sha256sum | cut -c1-8)

# What dpkg keeps of a package that is installed: its stanza, and its files.
note() {
	dpkg-deb -f "$1" | sed '/^Package: /a Status: install ok installed' >>"$2/var/lib/dpkg/status"
	echo >>"$2/var/lib/dpkg/status"
	dpkg-deb --fsys-tarfile "$1" | tar -tf - | sed 's|^\./*|/|; s|/$||' >"$2/var/lib/dpkg/info/$(dpkg-deb -f "$1" Package).list"
}

if [ ! -d "$root" ]; then
	mkdir -p "$DROP_CACHE"
	tmp=$(mktemp -d "$DROP_CACHE/arm64.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir -p "$tmp"/{root/var/lib/dpkg/info,state/lists/partial,cache/archives/partial}
	: >"$tmp/status" # nothing is installed: apt finds all that is needed
	apt=(apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Install-Recommends=false
		-o APT::Sandbox::User=root -o Acquire::Retries=3 -o "Dir::State=$tmp/state" -o "Dir::State::status=$tmp/status" -o "Dir::Cache=$tmp/cache")
	"${apt[@]}" update >&2
	"${apt[@]}" --download-only install "${wanted[@]}" >&2
	for package in "$tmp"/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$tmp/root"
		note "$package" "$tmp/root"
	done
	# Links to /lib/... would lead to the machine's own.
	find "$tmp/root" -type l -lname '/*' | while read -r link; do
		ln -sfn "$(realpath -m -s --relative-to="$(dirname "$link")" "$tmp/root$(readlink "$link")")" "$link"
	done
	mv "$tmp/root" "$root" 2>/dev/null || [ -d "$root" ] # or another run was faster
fi

mkdir -p build
cat >build/arm64.txt <<EOF
[binaries]
c = ['aarch64-linux-gnu-gcc', '--sysroot=$root']
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64-static', '-L', '$root']
[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
EOF
if [ -n "$release" ]; then
	[ -f "$release/build.ninja" ] || meson setup --cross-file build/arm64.txt -Dwerror=true "$release" >&2
	ninja -C "$release" --quiet operator >&2
	echo "$root"
	exit
fi

[ -f build/arm64/build.ninja ] || meson setup --cross-file build/arm64.txt -Dwerror=true -Dcrash_points=true build/arm64
ninja -C build/arm64 --quiet {watcher/drop-watcher,reconciler/drop-reconciler,puller/drop-puller} \
	{discoverer/drop-discoverer,metricsd/drop-metricsd,supervisor/drop-supervisor,dropctl/dropctl}
mkdir -p build/arm64/bin
for program in watcher reconciler puller discoverer metricsd supervisor; do
	ln -f "build/arm64/$program/drop-$program" build/arm64/bin/
done
ln -f build/arm64/dropctl/dropctl build/arm64/bin/

if ! build/arm64/dropctl/dropctl --version >/dev/null 2>&1; then
	emulate
	mkdir -p /etc/qemu-binfmt # where Debian's qemu looks for the libraries of such programs
	ln -sfn "$root" /etc/qemu-binfmt/aarch64
fi
build/arm64/dropctl/dropctl --version
