#!/usr/bin/env bash
# Checks the cluster itself: check.sh [DIR] [up.sh's options]. Brings one up (in a new temporary DIR by default), runs
# what tests rely on, kills parts, takes it down, and looks for anything left behind; then the same for an up.sh that
# is killed half way, at several moments. Needs root; about two minutes.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
for part in node network clean; do . "$HERE/lib/$part.sh"; done

made=
if [ $# -eq 0 ] || [[ $1 == -* ]]; then made=$(mktemp -d); set -- "$made/c" "$@"; fi
cluster_paths "$1"
options=("${@:2}")
trap '"$HERE/down.sh" "$DIR"; [ -z "$made" ] || rm -rf "$made"' EXIT

passed=0 failed=0
ok() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@" >/dev/null 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $what"; fi
}
within() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
k() { "$KUBECTL" "$@"; }

pod() { # NAME IMAGE [POLICY]
	k create -f - >/dev/null <<EOF
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "$1"},
 "spec": {"nodeName": "$NODE", "restartPolicy": "Never", "automountServiceAccountToken": false,
  "containers": [{"name": "pull", "image": "$2", "command": ["true"], "imagePullPolicy": "${3:-Always}"}]}}
EOF
}
pod_is() { k get pod "$1" -o json | jq -e "$2"; }
state='.status.containerStatuses[0]'

machine() { # what this cluster could leave on the machine; other clusters may come and go meanwhile
	ip -br link | awk '$1 !~ /^veth/ { print $1 }'
	awk '{ print $5 }' /proc/self/mountinfo
	cgroup_roots | while read -r root; do find "$root" -maxdepth 1 -name "$TAG"; done
	cat /proc/sys/{vm/overcommit_memory,kernel/panic,kernel/panic_on_oops,net/ipv4/ip_forward}
	ls -d /run/* /var/lib/* /var/log/*
}
clean() { # nothing of the cluster lives, and the machine is as before
	[ -z "$(marked_pids)" ] || { marked_pids; return 1; }
	routes_gone || { ip route; return 1; }
	diff <(echo "$before") <(machine)
}

before=$(machine)
"$HERE/up.sh" "$DIR" "${options[@]}"
. "$DIR/env"
POD_NET=$(sed -n 's/^declare -g POD_NET="\(.*\)"/\1/p' "$STATE")
ok 'status' "$HERE/ctl.sh" "$DIR" status
ok 'node Ready and without taint' eval "k get node $NODE -o json | jq -e '.spec.taints == null'"

pod nginx docker.io/library/nginx:1.25-alpine
pod scratch "$REGISTRY/test/scratch:1"
pod missing docker.io/library/nginx:nope
pod dns registry.invalid.local:9999/does-not-exist:nope
pod never docker.io/library/alpine:3.19 Never
ok 'nginx Succeeded' within 20 pod_is nginx '.status.phase == "Succeeded"'
ok 'nginx has imageID of docker.io' pod_is nginx "$state.imageID | startswith(\"docker.io/library/nginx@sha256:\")"
ok 'scratch StartError 128 with imageID' within 20 pod_is scratch \
	"$state | .state.terminated.reason == \"StartError\" and .state.terminated.exitCode == 128 and .imageID != \"\""
ok 'missing ErrImagePull' within 20 pod_is missing "$state.state.waiting.reason == \"ErrImagePull\""
ok 'missing is not found' pod_is missing "$state.state.waiting.message | endswith(\"nginx:nope: not found\")"
ok 'unknown host' within 20 pod_is dns "$state.state.waiting.message | endswith(\"lookup registry.invalid.local: no such host\")"
ok 'never' within 20 pod_is never "$state.state.waiting.reason == \"ErrImageNeverPull\""
node_lists() { k get node "$NODE" -o json | jq -e --arg i "$1" '[.status.images[]?.names[]] | index($i) != null'; }
ok 'node lists the image' within 30 node_lists docker.io/library/nginx:1.25-alpine

"$HERE/image.sh" "$DIR" extra/one:1 extra/two:2 100 >/dev/null
pod extra "$REGISTRY/extra/two:2"
ok 'extra image' within 20 pod_is extra '.status.phase == "Succeeded"'
gone() { ! "$CTR" images ls -q | grep -q nginx; }
ok 'evict by hand' eval "\$CTR images rm \$(\$CTR images ls -q | grep nginx)"
ok 'evicted' within 5 gone
k run hello --image=docker.io/library/busybox:1.36 --restart=Never -- echo hello >/dev/null
ok 'scheduled' within 20 pod_is hello '.status.phase == "Succeeded"'
ok 'kubectl logs' eval '[ "$(k logs hello)" = hello ]'
ok 'a token is accepted' eval 'curl -sf --cacert $CA_CERT -H "Authorization: Bearer $(k create token default)" $APISERVER/version'
ok 'RBAC refuses it the rest' eval '[ "$(k auth can-i get pods --as=system:serviceaccount:default:default)" = no ]'
ok 'pod creates are in the audit log, once, with bodies' eval "[ \$(jq -r 'select(.verb == \"create\" and
	.objectRef.resource == \"pods\" and .objectRef.subresource == null) | .requestObject.metadata.name' $AUDIT_LOG |
	grep -cx nginx) = 1 ]"

version=$(k get --raw '/api/v1/configmaps?limit=1' | jq -r .metadata.resourceVersion)
k create configmap later >/dev/null
ok 'expire' "$HERE/ctl.sh" "$DIR" expire
ok 'an old watch gets 410' eval "k get --raw '/api/v1/configmaps?watch=1&timeoutSeconds=2&resourceVersion=$version' |
	jq -e '.object.code == 410'"
network=()
[[ " ${options[*]} " != *" --network "* ]] || network=(kube-proxy dns)
for part in kubelet containerd registry etcd controller-manager scheduler "${network[@]}"; do
	ok "stop $part" "$HERE/ctl.sh" "$DIR" "stop-$part"
	ok "status notices" eval "! '$HERE/ctl.sh' '$DIR' status | grep -q '$part.* [0-9]'"
	ok "start $part" "$HERE/ctl.sh" "$DIR" "start-$part"
done
ok 'all is up again' "$HERE/ctl.sh" "$DIR" status
pod again docker.io/library/nginx:1.25-alpine
ok 'pulls after all that' within 30 pod_is again '.status.phase == "Succeeded"'
k delete pod again --wait=false >/dev/null
ok 'pods go' within 30 eval '! k get pod again 2>/dev/null'

if [ ${#network[@]} -gt 0 ]; then # (from a pod: tests/e2e/test_install.py)
	ok 'the API server by the address of its service' eval \
		'curl -sf --cacert $CA_CERT -H "Authorization: Bearer $(k create token default)" "https://$(k get service kubernetes -o jsonpath={.spec.clusterIP})/version"'
	ok 'the registry by the address of its service' eval \
		'curl -sf "http://$(k -n e2e-infra get service registry -o jsonpath={.spec.clusterIP}):5000/v2/"'
fi

"$HERE/down.sh" "$DIR"
ok 'nothing left after down' clean
ok 'down again' "$HERE/down.sh" "$DIR"

for moment in 0.3 1 2.5 4 6; do
	timeout -s KILL "$moment" "$HERE/up.sh" "$DIR" "${options[@]}" >/dev/null 2>&1 || true
	"$HERE/down.sh" "$DIR"
	ok "nothing left after up.sh was killed at $moment s" clean
done
ok 'a bad flag is a failure' eval "! '$HERE/up.sh' '$DIR' --apiserver-flags --no-such-flag"
ok 'which leaves nothing' clean
"$HERE/up.sh" "$DIR" --nodes n1,n2
. "$DIR/env"
ok 'two nodes' eval '[ "$(k get nodes -o name | wc -l)" = 2 ]'
rm -rf "$DIR" 2>/dev/null || true
"$HERE/down.sh" "$DIR"
ok 'nothing left after DIR was deleted under it' clean

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
