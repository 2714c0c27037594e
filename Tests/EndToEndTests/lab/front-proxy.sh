# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The front proxy's CA and pairs by hand, on control planes where aggbootstrap turned the layer on: what a story about
# rotation compares with. Sourced after aggregation.sh.

# mint_front_proxy NAME N: another CA, with a subject of its own, and a pair for each of N control planes.
mint_front_proxy() {
    local node
    make_ca "$1-ca" "/CN=aggregator-ca $1"
    for node in $(seq "$2"); do make_leaf "$1-ca" "$1-$node" "/CN=aggregator" "extendedKeyUsage=clientAuth"; done
}

# keep_front_proxy NAME: the node's own files, under the names that mint_front_proxy would give them.
keep_front_proxy() {
    local files
    files=$(node_root)$NODE_CERTIFICATES
    cp "$files/aggregator-ca.pem" "$PKI/$1-ca.pem"
    cp "$files/aggregator.pem" "$PKI/$1-$NODE.pem"
    cp "$files/aggregator-key.pem" "$PKI/$1-$NODE-key.pem"
}

# cross_sign: the pairs of `new` as `crossed`, with the new CA as signed by the old one behind each certificate.
cross_sign() {
    local pair
    openssl req -new -key "$PKI/new-ca-key.pem" -subj "/CN=aggregator-ca new" -out "$PKI/crossed.csr"
    openssl x509 -req -in "$PKI/crossed.csr" -CA "$PKI/old-ca.pem" -CAkey "$PKI/old-ca-key.pem" -CAcreateserial -days 365 \
        -out "$PKI/crossed.pem" -extfile <(printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n') 2>/dev/null
    for pair in "$PKI"/new-[0-9].pem; do
        cat "$pair" "$PKI/crossed.pem" >"$PKI/crossed-${pair##*/new-}"
        cp "${pair%.pem}-key.pem" "$PKI/crossed-$(basename "${pair##*/new-}" .pem)-key.pem"
    done
}

# put_trust NAME...: the node trusts the CAs of these, in this order.
put_trust() {
    local name
    for name in "$@"; do cat "$PKI/$name-ca.pem"; done | put 644 aggregator-ca.pem
}

# put_pair NAME: the node's proxy shows the certificate of that one.
put_pair() {
    put 600 aggregator-key.pem <"$PKI/$1-$NODE-key.pem"
    put 644 aggregator.pem <"$PKI/$1-$NODE.pem"
}

# put MODE FILE: standard input takes the file's place at once.
put() {
    node_file "$1" "$NODE_CERTIFICATES/.$2.new"
    node_exec mv "$NODE_CERTIFICATES/.$2.new" "$NODE_CERTIFICATES/$2"
}

# serial_of NAME: of the node's certificate of that one, as load_shown writes it.
serial_of() { openssl x509 -noout -serial -in "$PKI/$1-$NODE.pem" | cut -d= -f2; }

shows_pair() { [ "$(load_shown "$NODE")" = "$(serial_of "$1")" ]; }

# loaded_trust NAME... / extension_loaded INSTANCE NAME...: of the CAs called aggregator-ca, these and no others.
loaded_trust() { [ "$(handshake_cas | grep aggregator-ca | sort)" = "$(ca_subjects "$@")" ]; }
extension_loaded() { [ "$(extension_cas "$1" | grep aggregator-ca | sort)" = "$(ca_subjects "${@:2}")" ]; }
ca_subjects() { for name in "$@"; do subject "$PKI/$name-ca.pem"; done | sort; }

# published_trust NAME...: these and no other CAs are in the ConfigMap.
published_trust() {
    [ "$(kube get configmap -n kube-system extension-apiserver-authentication \
        -o 'jsonpath={.data.requestheader-client-ca-file}' | certificates_in)" = \
        "$(for name in "$@"; do certificates_in <"$PKI/$name-ca.pem"; done | sort)" ]
}

# The SHA-256 of each certificate.
certificates_in() {
    python3 -c 'import hashlib, ssl, sys
end = "-----END CERTIFICATE-----"
for text in sorted(hashlib.sha256(ssl.PEM_cert_to_DER_cert(part.strip() + end)).hexdigest()
        for part in sys.stdin.read().split(end) if part.strip()): print(text)'
}

# The member of a spec that names files and subjects as kubeadm does.
kubeadm_certificates() {
    cat <<M
"certificates": { "directory": "/etc/kubernetes/pki",
  "files": { "ca": "front-proxy-ca.crt", "certificate": "front-proxy-client.crt", "key": "front-proxy-client.key" },
  "ca": { "commonName": "front-proxy-ca" }, "proxyClient": { "commonName": "front-proxy-client" } }
M
}
