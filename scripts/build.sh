#!/usr/bin/env bash
# Configures (once) and builds one flavour of the tree into build/<flavour>:
#   release  what users run, in the image
#   gcc      the same with what tests need (meson_options.txt)
#   clang    that with the other compiler, and the fuzzers
#   asan     that with AddressSanitizer and UBSan
# They differ in nothing else; warnings are errors in each.
# TARGET: build only that, for example "programs".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

flavour=${1:?usage: build.sh release|gcc|clang|asan [TARGET...]}
shift
tests=-Dcrash_points=true
case $flavour in
release) cc=gcc options=() ;;
gcc) cc=gcc options=("$tests") ;;
clang) cc=clang options=("$tests") ;;
asan) cc=gcc options=("$tests" '-Db_sanitize=address,undefined' -Dbuildtype=debug -Db_lundef=false) ;;
*) echo "build.sh: no flavour '$flavour'; there are release, gcc, clang and asan" >&2; exit 2 ;;
esac

dir=build/$flavour
options=(-Dwerror=true "${options[@]}")
again=()
[ ! -f "$dir/build.ninja" ] || again=(--reconfigure)
[ "$(cat "$dir/options" 2>/dev/null)" = "${options[*]}" ] ||
	CC=$cc meson setup "${again[@]}" "${options[@]}" "$dir" >"/tmp/drop-meson.$$" 2>&1 ||
	{ cat "/tmp/drop-meson.$$" >&2; rm -f "/tmp/drop-meson.$$"; exit 1; }
rm -f "/tmp/drop-meson.$$"
echo "${options[*]}" >"$dir/options"
ninja -C "$dir" --quiet "$@"

# All programs in one folder, as in the container: the supervisor looks for them there.
mkdir -p "$dir/bin"
ln -sf ../{watcher/drop-watcher,reconciler/drop-reconciler,puller/drop-puller} "$dir/bin/"
ln -sf ../{discoverer/drop-discoverer,metricsd/drop-metricsd} "$dir/bin/"
ln -sf ../{supervisor/drop-supervisor,dropctl/dropctl,sim/drop-sim} "$dir/bin/"
