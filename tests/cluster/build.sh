#!/usr/bin/env bash
# Builds programs once from the Go module proxy, and prints the folder they are in: build.sh [WHAT] [--path]
#   cluster [1.29 | 1.34 | 1.36]   (the default, 1.34) kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl
#                kube-proxy from module k8s.io/kubernetes; etcd from module go.etcd.io/etcd/server/v3
#   containerd   containerd 2, its shim and ctr from module github.com/containerd/containerd/v2 (1.6 is Debian's package)
#   crio         CRI-O and its pinns from module github.com/cri-o/cri-o (conmon and runc are Debian's)
#   dns          coredns from module github.com/coredns/coredns, with the plugins that dns/main.go names
#   helm         helm from module helm.sh/helm/v3
#   health       health: what kstatus and Argo CD's interpreter say of an object, health/main.go
# The versions are pinned by kubernetes/*, etcd/, containerd/, crio/, dns/, helm/ and health/ (go.mod and go.sum) beside this script: Go
# refuses anything else. Kept in ${DROP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/drop}/<what>-<key>/bin; nothing is downloaded when
# it is there. A Kubernetes takes about 10 minutes on 2 cores the first time, the others 2. '--path' prints the folder only,
# and fails if it is not built.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$HERE/lib/find-go.sh"
. "$HERE/lib/gobuild.sh"

usage() { sed -n '2s/.*: //p' "$0" >&2; exit 2; }
what=cluster version=1.34
case ${1-} in cluster | containerd | crio | dns | helm | health) what=$1; shift ;; esac
if [ "$what" = cluster ] && [[ ${1-} == 1.* ]]; then version=$1; shift; fi
[ $# -eq 0 ] || [ "$*" = --path ] || usage
[ -r "$HERE/kubernetes/$version/go.mod" ] || die "no Kubernetes $version here: $(cd "$HERE/kubernetes" && echo ./*)"

required() { sed -n "s/^require ${2//\//\\/} //p" "$HERE/$1/go.mod"; }
pins() { { cat "$@"; echo "$stamp"; } | sha256sum | cut -c1-8; } # FILE... : names their content, and the stamp
no_build() { die "$1 does not build (is the Go module proxy reachable? '$GO env GOPROXY')"; }

of_helm() {
	local minor v
	PROGRAMS=(helm) title="helm $(required helm helm.sh/helm/v3)"
	stamp="-s -w -X helm.sh/helm/v3/internal/version.version=$(required helm helm.sh/helm/v3)"
	# The Kubernetes that it renders and lints for without a cluster: that of its own client library.
	minor=$(sed -n 's/^\tk8s.io\/client-go v0\.\([0-9]*\).*/\1/p' "$HERE/helm/go.mod")
	for v in chartutil lint/rules; do
		stamp+=" -X helm.sh/helm/v3/pkg/$v.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$v.k8sVersionMinor=$minor"
	done
	key=${title// /-}-$(uname -m)-$(pins "$HERE"/helm/go.{mod,sum})
}
make_helm() {
	(cd "$HERE/helm" && compile "$stamp" helm.sh/helm/v3/cmd/helm) || no_build helm
}

of_health() {
	PROGRAMS=(health) title="kstatus and a Lua interpreter" stamp='-s -w'
	key=health-$(uname -m)-$(cat "$HERE"/health/{go.mod,go.sum,main.go} | sha256sum | cut -c1-8)
}
make_health() {
	(cd "$HERE/health" && compile "$stamp" .) || no_build health
}

of_dns() {
	PROGRAMS=(coredns) title="CoreDNS $(required dns github.com/coredns/coredns)" stamp='-s -w'
	key=${title// /-}-$(uname -m)-$(pins "$HERE"/dns/{go.mod,go.sum,main.go})
}
make_dns() {
	(cd "$HERE/dns" && compile "$stamp" . && mv "$tmp/bin/dns" "$tmp/bin/coredns") || no_build CoreDNS
}

of_containerd() {
	local at=github.com/containerd/containerd/v2
	CONTAINERD=$(required containerd $at)
	PROGRAMS=(containerd containerd-shim-runc-v2 ctr) title="containerd $CONTAINERD"
	stamp="-s -w -X $at/version.Version=${CONTAINERD#v}"
	key=${title// /-}-$(uname -m)-$(pins "$HERE"/containerd/go.{mod,sum})
}
make_containerd() {
	(cd "$HERE/containerd" && compile "$stamp" "${PROGRAMS[@]/#/github.com/containerd/containerd/v2/cmd/}") || no_build containerd
}

of_crio() {
	local at=github.com/cri-o/cri-o
	CRIO=$(required crio $at)
	PROGRAMS=(crio pinns) title="CRI-O $CRIO"
	stamp="-s -w -X $at/internal/version.gitCommit=$CRIO"
	key=${title// /-}-$(uname -m)-$(pins "$HERE"/crio/go.{mod,sum})
}
make_crio() {
	local source
	TAGS="containers_image_openpgp containers_image_ostree_stub exclude_graphdriver_btrfs"
	(cd "$HERE/crio" && compile "$stamp" github.com/cri-o/cri-o/cmd/crio) || no_build CRI-O
	source=$(cd "$HERE/crio" && "$GO" list -m -f '{{.Dir}}' github.com/cri-o/cri-o)
	"${CC:-cc}" -std=c99 -Os -s -static -o "$tmp/bin/pinns" "$source"/pinns/src/*.c || no_build pinns
}

of_cluster() {
	local minor v
	K8S=$(required "kubernetes/$version" k8s.io/kubernetes)
	ETCD=$(required etcd go.etcd.io/etcd/server/v3)
	PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl kube-proxy etcd)
	title="Kubernetes $K8S and etcd $ETCD"
	# Without these the servers and clients would call themselves v0.0.0-master+$Format.
	minor=${K8S#v1.}
	stamp='-s -w'
	for v in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		stamp+=" -X $v.gitVersion=$K8S -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*} -X $v.gitTreeState=clean -X $v.gitCommit=${K8S}"
	done
	key=cluster-kubernetes-$K8S-etcd-$ETCD-$(uname -m)-$(pins "$HERE/kubernetes/$version"/go.{mod,sum} "$HERE"/etcd/go.{mod,sum})
}
make_cluster() {
	local k8s=("${PROGRAMS[@]:0:6}")
	(cd "$HERE/etcd" && compile "-s -w" go.etcd.io/etcd/server/v3 && mv "$tmp/bin/server" "$tmp/bin/etcd") || no_build etcd
	# 1.29 compiles the cloud providers in, whose module is not served, unless it is told to leave them out.
	[ "$version" != 1.29 ] || TAGS=providerless
	(cd "$HERE/kubernetes/$version" && compile "$stamp" "${k8s[@]/#/k8s.io/kubernetes/cmd/}") || no_build Kubernetes
}

"of_$what"
if [ "${1-}" = --path ]; then
	built "$DROP_CACHE/$key/bin" "${PROGRAMS[@]}" || die "not built: run tests/cluster/build.sh $what first"
	echo "$DROP_CACHE/$key/bin"
else
	build_once "$key" "$title" "make_$what" "${PROGRAMS[@]}"
fi
