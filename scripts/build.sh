#!/usr/bin/env bash
# Configures (once) and builds one flavour of the tree into build/<flavour>:
#   gcc    what users run        clang  the other compiler, and the fuzzers
#   asan   gcc with AddressSanitizer and UBSan
# The flavours differ in nothing but compiler and instrumentation; warnings are errors in each.
# TARGET: build only that, for example "programs".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

flavour=${1:?usage: build.sh gcc|clang|asan [TARGET...]}
shift
case $flavour in
gcc) cc=gcc options=() ;;
clang) cc=clang options=() ;;
asan) cc=gcc options=('-Db_sanitize=address,undefined' -Dbuildtype=debug -Db_lundef=false) ;;
*) echo "build.sh: no flavour '$flavour'; there are gcc, clang and asan" >&2; exit 2 ;;
esac

dir=build/$flavour
[ -f "$dir/build.ninja" ] || CC=$cc meson setup "${options[@]}" "$dir" >"/tmp/drop-meson.$$" 2>&1 ||
	{ cat "/tmp/drop-meson.$$" >&2; rm -f "/tmp/drop-meson.$$"; exit 1; }
rm -f "/tmp/drop-meson.$$"
ninja -C "$dir" --quiet "$@"

# All programs in one folder, as in the container: the supervisor looks for them there.
mkdir -p "$dir/bin"
ln -sf ../{watcher/drop-watcher,reconciler/drop-reconciler,puller/drop-puller} "$dir/bin/"
ln -sf ../{discoverer/drop-discoverer,metricsd/drop-metricsd} "$dir/bin/"
ln -sf ../{supervisor/drop-supervisor,dropctl/dropctl,sim/drop-sim} "$dir/bin/"
