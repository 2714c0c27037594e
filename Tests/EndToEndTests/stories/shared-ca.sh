# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes as a much copied guide leaves them: one CA for clients and for the front proxy; before 1.35, no name.
# adopt writes their spec; rotate --ca leads to a CA of its own, one restart after the other; the client CA's file stays.
story() {
    use_fast_poll
    use_extensions
    shared_flags
    before_start() { shared_install; }
    cluster_up 3
    operator_up 3
    kubeconfig 3
    rm "$OPERATOR/cluster.json"
    assert_exit 0 op_adopt 3 --cluster lab --output "$OPERATOR/cluster.json"
    assert_contains "is the client CA too" "plan/shared-ca" "next: aggbootstrap rotate --ca"
    [ -n "$ALLOWED_NAMES" ] || assert_contains "--requestheader-allowed-names is empty"
    assert_exit 1 op plan
    assert_contains "plan/foreign-ca" "rotate --ca"
    on_each 3 remember_client_ca

    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    assert_exit 0 op rotate --ca --dry-run
    assert_contains "it would first bring $NODE_CERTIFICATES/ca.pem"
    LOAD_OPTIONS=(-failover)
    load_up 3 200 echo
    load_goes_on 400
    assert_exit 0 op rotate --ca --yes --soak 1 --watch 5 --reload-wait 3
    assert_contains "to the paths of the spec"
    load_goes_on 400
    load_down
    assert_no_failure
    on_each 3 assert_client_ca
    assert_exit 0 op init --yes
    assert_contains "nothing to change"
    assert_exit 0 op verify
    assert_exit 0 op rotate --yes --reload-wait 3
    for NODE in 1 2 3; do
        assert_eq "the CA file of node $NODE" "--requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem" \
            "$(running_flags | grep requestheader-client-ca)"
        assert_eq "clients of node $NODE" ok "$(api /readyz)"
    done
}

# Since 1.35 kube-apiserver starts with one CA for both only where names are set.
shared_flags() {
    ALLOWED_NAMES=
    [ "$(kube_minor)" -lt 35 ] || ALLOWED_NAMES=aggregator
    API_FLAGS=(
        --requestheader-client-ca-file=$NODE_CERTIFICATES/ca.pem
        "--requestheader-allowed-names=$ALLOWED_NAMES"
        --requestheader-extra-headers-prefix=X-Remote-Extra-
        --requestheader-group-headers=X-Remote-Group
        --requestheader-username-headers=X-Remote-User
        --proxy-client-cert-file=$NODE_CERTIFICATES/aggregator-proxy.pem
        --proxy-client-key-file=$NODE_CERTIFICATES/aggregator-proxy-key.pem
        --enable-aggregator-routing=true)
}

shared_install() {
    local root
    root=$(node_root)
    [ -e "$PKI/aggregator-proxy.pem" ] || make_leaf ca aggregator-proxy /O=k8s/CN=aggregator extendedKeyUsage=clientAuth
    install -m644 "$PKI/aggregator-proxy.pem" "$root$NODE_CERTIFICATES/"
    install -m600 "$PKI/aggregator-proxy-key.pem" "$root$NODE_CERTIFICATES/"
}

client_ca() { node_exec sha256sum $NODE_CERTIFICATES/ca.pem; }
remember_client_ca() { client_ca >"$LAB/client$NODE"; }
assert_client_ca() { assert_eq "the client CA's file of node $NODE" "$(<"$LAB/client$NODE")" "$(client_ca)"; }
