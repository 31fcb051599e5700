# shellcheck shell=bash
# Keys, certificates and kubeconfigs, made at run time with openssl and thrown away with DIR. One authority signs
# all. The names in the subjects are the ones that Kubernetes' built-in RBAC roles and the Node authorizer know.

pki_init() { # the authority and the service account key
	mkdir -p "$PKI"
	openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/ca.key"
	openssl req -x509 -new -key "$PKI/ca.key" -days 30 -subj "/CN=$TAG" -out "$PKI/ca.crt" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
	openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/sa.key"
	openssl ec -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
}

pki_cert() { # FILE SUBJECT [SUBJECT-ALT-NAMES]
	local f=$PKI/$1
	{
		printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
		printf 'extendedKeyUsage=serverAuth,clientAuth\n'
		[ -z "${3-}" ] || printf 'subjectAltName=%s\n' "$3"
	} >"$f.ext"
	openssl ecparam -name prime256v1 -genkey -noout -out "$f.key"
	openssl req -new -key "$f.key" -subj "$2" -out "$f.csr"
	openssl x509 -req -in "$f.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -set_serial "0x$(openssl rand -hex 12)" \
		-days 30 -extfile "$f.ext" -out "$f.crt" 2>/dev/null
	rm -f "$f.csr" "$f.ext"
}

pki_kubeconfig() { # FILE CERT-NAME: everything embedded, so that the file can be copied anywhere
	local b64='base64 -w0'
	cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: $TAG
  cluster:
    server: https://127.0.0.1:$API_PORT
    certificate-authority-data: $($b64 "$PKI/ca.crt")
users:
- name: $2
  user:
    client-certificate-data: $($b64 "$PKI/$2.crt")
    client-key-data: $($b64 "$PKI/$2.key")
contexts:
- name: $TAG
  context: {cluster: $TAG, user: $2, namespace: default}
current-context: $TAG
EOF
}

pki_all() { # the control plane's; each node makes its own (node.sh)
	pki_init
	pki_cert apiserver /CN=kube-apiserver \
		"IP:127.0.0.1,IP:$SERVICE_NET.1,IP:$POD_NET.127.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
	pki_cert apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
	pki_cert front-proxy /CN=front-proxy
	pki_cert admin /O=system:masters/CN=admin
	pki_cert controller-manager /CN=system:kube-controller-manager
	pki_cert scheduler /CN=system:kube-scheduler
	chmod 600 "$PKI"/*.key
	pki_kubeconfig "$DIR/kubeconfig" admin
	pki_kubeconfig "$PKI/controller-manager.kubeconfig" controller-manager
	pki_kubeconfig "$PKI/scheduler.kubeconfig" scheduler
}
