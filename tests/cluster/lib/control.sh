# shellcheck shell=bash
# The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler. Each start_* only spawns; each
# wait_* returns when the thing serves, or dies with the end of its log. Everything listens on 127.0.0.1 only.

start_etcd() {
	# unsafe-no-fsync: nothing here outlives a power cut. Progress notification is what WatchList needs.
	spawn etcd "$BIN/etcd" --name "$TAG" --data-dir "$DIR/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
		--listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
		--initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
		--initial-cluster "$TAG=http://127.0.0.1:$ETCD_PEER_PORT" --watch-progress-notify-interval 5s "$@"
}
wait_etcd() { wait_for 20 etcd curl -sf --max-time 2 "http://127.0.0.1:$ETCD_PORT/readyz"; }

# The API server reaches kubelets by node name ('kubectl logs', 'exec'), and a kubelet refuses a loopback node
# address. So, as root, it gets its own /etc/hosts in a private mount namespace: node names lead to 127.0.0.1.
apiserver_wrapper() {
	[ ${#NODES[@]} -gt 0 ] || return 0
	{ echo '127.0.0.1 localhost'; printf '127.0.0.1 %s\n' "${NODES[@]}"; } >"$DIR/hosts"
	# shellcheck disable=SC2016
	WRAP=(unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$DIR/hosts")
}

start_apiserver() { # [FLAGS...]: later flags win over ours, feature gates add up
	local WRAP=() advertise=(--advertise-address=198.51.100.1 --endpoint-reconciler-type=none)
	apiserver_wrapper
	# Without a network the advertised address is never used: with no endpoint reconciler nobody writes it anywhere, but the
	# server refuses to guess one on a machine with no default route.
	[ -z "$NETWORK" ] || advertise=(--advertise-address="$POD_NET.127.1")
	spawn kube-apiserver "${WRAP[@]}" "$BIN/kube-apiserver" \
		--etcd-servers="http://127.0.0.1:$ETCD_PORT" --bind-address=127.0.0.1 --secure-port="$API_PORT" \
		"${advertise[@]}" \
		--tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
		--client-ca-file="$PKI/ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
		--kubelet-client-certificate="$PKI/apiserver-kubelet-client.crt" \
		--kubelet-client-key="$PKI/apiserver-kubelet-client.key" --kubelet-preferred-address-types=Hostname \
		--requestheader-client-ca-file="$PKI/ca.crt" --requestheader-allowed-names=front-proxy \
		--requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
		--requestheader-extra-headers-prefix=X-Remote-Extra- \
		--proxy-client-cert-file="$PKI/front-proxy.crt" --proxy-client-key-file="$PKI/front-proxy.key" \
		--service-account-issuer=https://kubernetes.default.svc \
		--service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
		--service-cluster-ip-range="$SERVICE_NET.0/24" --allow-privileged=true --profiling=false \
		--audit-policy-file="$HERE/lib/audit.yaml" --audit-log-path="$DIR/audit.log" --audit-log-format=json \
		--audit-log-maxsize=2000 --audit-log-mode=blocking --cert-dir="$DIR/tmp" "$@"
}
wait_apiserver() { wait_for 60 kube-apiserver api /readyz; }

start_controller_manager() {
	spawn kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig="$PKI/controller-manager.kubeconfig" \
		--authentication-kubeconfig="$PKI/controller-manager.kubeconfig" \
		--authorization-kubeconfig="$PKI/controller-manager.kubeconfig" \
		--bind-address=127.0.0.1 --secure-port="$KCM_PORT" --leader-elect=false --use-service-account-credentials=true \
		--service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" --profiling=false \
		--cluster-name="$TAG" --cert-dir="$DIR/tmp" "$@"
}
wait_controller_manager() {
	wait_for 30 kube-controller-manager curl -skf --max-time 2 "https://127.0.0.1:$KCM_PORT/healthz"
	# Without this account no pod can be created: the first thing that a test would trip over.
	wait_for 30 kube-controller-manager api /api/v1/namespaces/default/serviceaccounts/default
}

start_scheduler() {
	spawn kube-scheduler "$BIN/kube-scheduler" --kubeconfig="$PKI/scheduler.kubeconfig" \
		--authentication-kubeconfig="$PKI/scheduler.kubeconfig" --authorization-kubeconfig="$PKI/scheduler.kubeconfig" \
		--bind-address=127.0.0.1 --secure-port="$SCHED_PORT" --leader-elect=false --profiling=false \
		--cert-dir="$DIR/tmp" "$@"
}
wait_scheduler() { wait_for 30 kube-scheduler curl -skf --max-time 2 "https://127.0.0.1:$SCHED_PORT/healthz"; }

# docker-registry's settings by environment do not reach it through spawn's empty environment: a file.
start_registry() {
	mkdir -p "$DIR/registry"
	cat >"$DIR/registry.yaml" <<EOF
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $DIR/registry}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:$REGISTRY_PORT
EOF
	spawn registry docker-registry serve "$DIR/registry.yaml"
}
wait_registry() { wait_for 20 registry curl -sf --max-time 2 "http://127.0.0.1:$REGISTRY_PORT/v2/"; }
