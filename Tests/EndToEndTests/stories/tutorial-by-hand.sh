# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The layer was turned on by hand, with a CA of another maker: init refuses, names that CA, changes nothing.
story() {
    local subject="/C=CN/ST=Shanghai/L=Shanghai/O=k8s/OU=System/CN=aggregator"
    cluster_up
    make_ca aggregator-ca "$subject"
    make_leaf aggregator-ca aggregator "$subject" "keyUsage=critical,digitalSignature,keyEncipherment" \
        "extendedKeyUsage=serverAuth,clientAuth" "basicConstraints=critical,CA:FALSE" \
        "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,IP:127.0.0.1,IP:10.254.0.1"
    install -m644 "$PKI/aggregator-ca.pem" "$PKI/aggregator.pem" "$(node_root)$NODE_CERTIFICATES/"
    install -m600 "$PKI/aggregator-key.pem" "$(node_root)$NODE_CERTIFICATES/"
    API_FLAGS=(
        --requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem
        --requestheader-allowed-names=aggregator
        --requestheader-extra-headers-prefix=X-Remote-Extra-
        --requestheader-group-headers=X-Remote-Group
        --requestheader-username-headers=X-Remote-User
        --proxy-client-cert-file=$NODE_CERTIFICATES/aggregator.pem
        --proxy-client-key-file=$NODE_CERTIFICATES/aggregator-key.pem)
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-apiserver
    kube_ready

    remember
    assert_exit 1 agg init --yes
    assert_contains "CN=aggregator" "$(date -u -d "$(openssl x509 -noout -enddate -in "$PKI/aggregator-ca.pem" |
        cut -d= -f2)" +%F)" --state
    assert_unchanged

    # Only the running process still holds it: the files are gone, the refusal stays.
    node_exec rm $NODE_CERTIFICATES/aggregator-ca.pem
    remember
    assert_exit 1 agg init --yes
    assert_contains "CN=aggregator"
    assert_unchanged
}
