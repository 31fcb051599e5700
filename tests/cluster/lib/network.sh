# shellcheck shell=bash
# The network of a cluster with --network: pods reach each other, services, the API server and the cluster DNS.
#
#   pods                   on a bridge of this machine named after DIR; their default route is
#   $POD_NET.127.2         kube-proxy's address: it has a network namespace of its own, and its rules and kernel settings with it,
#                          so the machine forwards nothing, keeps its rules, and clusters do not meet
#   $POD_NET.127.1         this machine, as pods and kube-proxy see it: the API server by relay.py, CoreDNS on port 53
#   $POD_NET.254.0/24      services: .1 is the API server's, .10 the DNS; registry.e2e-infra:5000 is the cluster's registry
#
# kube-proxy masquerades everything, so that answers take the same way back.

GATEWAY_BITS=17
bridge_name() { echo "dr${TAG#drop-}"; } # at most 15 characters

bridge_make() {
	local bridge
	bridge=$(bridge_name)
	ip link add "$bridge" type bridge
	ip address add "$POD_NET.127.1/$GATEWAY_BITS" dev "$bridge"
	ip link set "$bridge" up
	ip route add "$SERVICE_NET.0/24" via "$POD_NET.127.2" dev "$bridge"
}

bridge_remove() { ! ip link show "$(bridge_name)" >/dev/null 2>&1 || ip link delete "$(bridge_name)"; }

start_relay() { # the API server and the registry
	spawn relay python3 "$HERE/lib/relay.py" "$POD_NET.127.1" "$API_PORT" "$REGISTRY_PORT"
}

start_kube_proxy() { # [FLAGS...]
	# shellcheck disable=SC2016
	spawn kube-proxy unshare --net bash -c '
		set -e
		until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
		ip link set lo up
		ip address add "$1" dev eth0
		ip link set eth0 up
		ip route add default via "${2}"
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
		echo 0 >/proc/sys/net/ipv4/conf/eth0/send_redirects
		shift 2
		exec "$@"' network "$POD_NET.127.2/$GATEWAY_BITS" "$POD_NET.127.1" \
		"$BIN/kube-proxy" --kubeconfig="$PKI/kube-proxy.kubeconfig" --hostname-override="${NODES[0]}" --proxy-mode=iptables \
		--masquerade-all --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
		--conntrack-tcp-timeout-close-wait=0 "$@"
	local pid wire
	pid=$(pid_of kube-proxy)
	wire=dx${TAG#drop-}
	# unshare must have made its namespace before the wire's end is put into it.
	until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
	ip link add "$wire" type veth peer name eth0 netns "$pid"
	ip link set "$wire" master "$(bridge_name)" up
}

start_dns() {
	cat >"$DIR/Corefile" <<EOT
.:53 {
	bind $POD_NET.127.1
	errors
	ready $POD_NET.127.1:8181
	kubernetes cluster.local in-addr.arpa ip6.arpa {
		kubeconfig $PKI/dns.kubeconfig
	}
	cache 5
	loadbalance
}
EOT
	spawn dns "$DNS_BIN/coredns" -conf "$DIR/Corefile"
}

start_network() { # [FLAGS of kube-proxy...]: after the API server is ready
	local clusterrole=system:kube-dns
	pki_cert kube-proxy /CN=system:kube-proxy
	pki_cert dns "/CN=$clusterrole"
	pki_kubeconfig "$PKI/kube-proxy.kubeconfig" kube-proxy
	pki_kubeconfig "$PKI/dns.kubeconfig" dns
	sed -i "s#server: https://127.0.0.1:#server: https://$POD_NET.127.1:#" "$PKI/kube-proxy.kubeconfig"
	network_objects | KUBECONFIG=$DIR/kubeconfig "$BIN/kubectl" apply -f - >>"$LOGS/network.log" 2>&1 ||
		die "the network's objects: $(tail -n 5 "$LOGS/network.log")"
	start_kube_proxy "$@"
	start_dns
}

network_objects() { # rights of CoreDNS; its service and the registry's, which no pods are behind
	cat <<EOT
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:coredns"}, "rules": [
 {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]},
 {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]}]}
---
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "system:coredns"},
 "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"},
 "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:kube-dns"}]}
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system"},
 "spec": {"clusterIP": "$SERVICE_NET.10", "ports": [{"name": "dns", "port": 53, "protocol": "UDP"},
  {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]}}
---
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
 "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"kubernetes.io/service-name": "kube-dns"}},
 "endpoints": [{"addresses": ["$POD_NET.127.1"], "conditions": {"ready": true}}],
 "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]}
---
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "e2e-infra"}}
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "registry", "namespace": "e2e-infra"},
 "spec": {"ports": [{"port": 5000, "targetPort": $REGISTRY_PORT}]}}
---
{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
 "metadata": {"name": "registry", "namespace": "e2e-infra", "labels": {"kubernetes.io/service-name": "registry"}},
 "endpoints": [{"addresses": ["$POD_NET.127.1"], "conditions": {"ready": true}}], "ports": [{"port": $REGISTRY_PORT}]}
EOT
}

# By their own addresses. A DNS that ended is reported as what it is.
services_answer() {
	curl -sSf --max-time 5 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" \
		"https://$SERVICE_NET.1/readyz" && timeout 5 bash -c "exec 3<>/dev/tcp/$SERVICE_NET.10/53"
}
dns_ready() { curl -sf --max-time 5 "http://$POD_NET.127.1:8181/ready"; }
wait_network() {
	wait_for 30 dns dns_ready
	wait_for 30 kube-proxy services_answer
}
