#!/usr/bin/env bash
# Cross-compiles the operator for arm64 into build/arm64/bin, against Debian's arm64 libraries, and lets the kernel run it by
# emulation, for example on a cluster of tests/cluster:
#   unshare -p -f --mount-proc --kill-child build/arm64/bin/drop-supervisor --kubeconfig DIR/kubeconfig --socket-dir /tmp/s
# (as process 1, as in a container: qemu knows no subreapers). A minute or two, where PLATFORM=linux/arm64 deploy/image/build.sh
# compiles by emulation for 23. Needs root for the kernel's part only.
# The libraries are unpacked below $DROP_CACHE, once; apt's own state and the machine's packages stay as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

. tests/cluster/lib/find-go.sh # DROP_CACHE
scripts/setup.sh build foreign
read -ra wanted <<<"$(scripts/setup.sh --list operator | tr ' ' '\n' | grep -- '-dev$' | tr '\n' ' ') libcmocka-dev"
root=$DROP_CACHE/arm64-$(echo "${wanted[*]}" | sha256sum | cut -c1-8)

if [ ! -d "$root" ]; then
	tmp=$(mktemp -d "$DROP_CACHE/arm64.tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	mkdir -p "$tmp"/{root,state/lists/partial,cache/archives/partial}
	: >"$tmp/status" # nothing is installed: apt finds all that is needed
	apt=(apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Install-Recommends=false
		-o APT::Sandbox::User=root -o "Dir::State=$tmp/state" -o "Dir::State::status=$tmp/status" -o "Dir::Cache=$tmp/cache")
	"${apt[@]}" update >&2
	"${apt[@]}" --download-only install "${wanted[@]}" >&2
	for package in "$tmp"/cache/archives/*.deb; do dpkg-deb -x "$package" "$tmp/root"; done
	# Links to /lib/... would lead to the machine's own.
	find "$tmp/root" -type l -lname '/*' | while read -r link; do
		ln -sfn "$(realpath -m -s --relative-to="$(dirname "$link")" "$tmp/root$(readlink "$link")")" "$link"
	done
	mv "$tmp/root" "$root"
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
[ -f build/arm64/build.ninja ] || meson setup --cross-file build/arm64.txt -Dwerror=true -Dcrash_points=true build/arm64
ninja -C build/arm64 --quiet {watcher/drop-watcher,reconciler/drop-reconciler,puller/drop-puller} \
	{discoverer/drop-discoverer,metricsd/drop-metricsd,supervisor/drop-supervisor,dropctl/dropctl}
mkdir -p build/arm64/bin
for program in watcher reconciler puller discoverer metricsd supervisor; do
	ln -f "build/arm64/$program/drop-$program" build/arm64/bin/
done
ln -f build/arm64/dropctl/dropctl build/arm64/bin/

if ! build/arm64/dropctl/dropctl --version >/dev/null 2>&1; then
	[ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
	[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
	mkdir -p /etc/qemu-binfmt # where Debian's qemu looks for the libraries of such programs
	ln -sfn "$root" /etc/qemu-binfmt/aarch64
fi
build/arm64/dropctl/dropctl --version
