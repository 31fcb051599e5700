#!/usr/bin/env bash
# Builds programs once from the Go module proxy, and prints the folder they are in: build.sh [cluster | helm | health] [--path]
#   cluster  kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl   from module k8s.io/kubernetes
#            etcd                                                         from module go.etcd.io/etcd/server/v3
#   helm     helm                                                         from module helm.sh/helm/v3
#   health   health: what kstatus and Argo CD's interpreter say of an object, health/main.go
# The versions are pinned by kubernetes/, etcd/, helm/ and health/ (go.mod and go.sum) beside this script: Go refuses
# anything else. Kept in ${DROP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/drop}/<what>-<key>/bin; nothing is downloaded when it is there.
# About 5 minutes on 2 cores the first time, helm 2. '--path' prints the folder only, and fails if it is not built.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$HERE/lib/find-go.sh"
. "$HERE/lib/gobuild.sh"

what=cluster
case ${1-} in cluster | helm | health) what=$1; shift ;; esac
[ $# -eq 0 ] || [ "$*" = --path ] || die "usage: build.sh [cluster | helm | health] [--path]"

required() { sed -n "s/^require ${2//\//\\/} //p" "$HERE/$1/go.mod"; }

if [ "$what" = helm ]; then
	PROGRAMS=(helm) title="helm $(required helm helm.sh/helm/v3)" make=make_helm
	stamp="-s -w -X helm.sh/helm/v3/internal/version.version=$(required helm helm.sh/helm/v3)"
	# The Kubernetes that it renders and lints for without a cluster: that of its own client library.
	minor=$(sed -n 's/^\tk8s.io\/client-go v0\.\([0-9]*\).*/\1/p' "$HERE/helm/go.mod")
	for v in chartutil lint/rules; do
		stamp+=" -X helm.sh/helm/v3/pkg/$v.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$v.k8sVersionMinor=$minor"
	done
	pins=$({ cat "$HERE"/helm/go.{mod,sum}; echo "$stamp"; } | sha256sum | cut -c1-8)
	key=${title// /-}-$(uname -m)-$pins
elif [ "$what" = health ]; then
	PROGRAMS=(health) title="kstatus and a Lua interpreter" make=make_health
	pins=$(cat "$HERE"/health/{go.mod,go.sum,main.go} | sha256sum | cut -c1-8)
	key=health-$(uname -m)-$pins
else
	K8S=$(required kubernetes k8s.io/kubernetes)
	ETCD=$(required etcd go.etcd.io/etcd/server/v3)
	PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl etcd)
	title="Kubernetes $K8S and etcd $ETCD" make=make_cluster
	# Without these the servers and clients would call themselves v0.0.0-master+$Format.
	minor=${K8S#v1.}
	stamp='-s -w'
	for v in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		stamp+=" -X $v.gitVersion=$K8S -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*} -X $v.gitTreeState=clean -X $v.gitCommit=${K8S}"
	done
	pins=$({ cat "$HERE"/{kubernetes,etcd}/go.{mod,sum}; echo "$stamp"; } | sha256sum | cut -c1-8)
	key=cluster-kubernetes-$K8S-etcd-$ETCD-$(uname -m)-$pins
fi

no_build() { die "$1 does not build (is the Go module proxy reachable? '$GO env GOPROXY')"; }

make_helm() {
	(cd "$HERE/helm" && compile "$stamp" helm.sh/helm/v3/cmd/helm) || no_build helm
}

make_health() {
	(cd "$HERE/health" && compile "-s -w" .) || no_build health
}

make_cluster() {
	(cd "$HERE/etcd" && compile "-s -w" go.etcd.io/etcd/server/v3 && mv "$tmp/bin/server" "$tmp/bin/etcd") || no_build etcd
	local k8s=("${PROGRAMS[@]:0:5}")
	(cd "$HERE/kubernetes" && compile "$stamp" "${k8s[@]/#/k8s.io/kubernetes/cmd/}") || no_build Kubernetes
}

if [ "${1-}" = --path ]; then
	built "$DROP_CACHE/$key/bin" "${PROGRAMS[@]}" || die "not built: run tests/cluster/build.sh $what first"
	echo "$DROP_CACHE/$key/bin"
else
	build_once "$key" "$title" "$make" "${PROGRAMS[@]}"
fi
