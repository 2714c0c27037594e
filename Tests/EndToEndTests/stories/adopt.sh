# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes where a guide turned the layer on by hand, in the unit itself, with one pair for all: adopt writes
# their spec and takes the CA over, plan finds nothing to do but new pairs, and the CA is replaced under 200 requests a second.
story() {
    use_fast_poll
    use_extensions
    guide_flags
    before_start() { guide_install; }
    cluster_up 3
    operator_up 3
    kubeconfig 3
    rm "$OPERATOR/cluster.json"
    on_each 3 remember_unit

    # Without the key, what is told is the way to it; and nothing is written but the spec.
    assert_exit 0 op_adopt 3 --cluster lab --output "$OPERATOR/first.json"
    assert_contains "init would refuse:" "is in no state directory here" "plan/foreign-ca" "--ca-key" "rotate --ca" "all control planes have the same key"
    assert_eq "the state directory" "" "$(ls "$OPERATOR/state" 2>/dev/null)"
    assert_exit 1 op_adopt 3 --cluster lab --output "$OPERATOR/first.json"
    assert_contains "spec/exists"
    assert_exit 1 op_adopt 3 --cluster lab --ca-key "$PKI/ca-key.pem" --output "$OPERATOR/cluster.json"
    assert_contains "adopt/ca-key" "CN=aggregator"
    assert_exit 0 op_adopt 3 --cluster lab --ca-key "$PKI/aggregator-ca-key.pem" --output "$OPERATOR/cluster.json"
    assert_lacks "init would refuse"
    assert_contains "now in the state directory" "no kube-apiserver restarts for that" "wrote $OPERATOR/cluster.json"
    on_each 3 assert_unit

    assert_exit 0 op plan
    assert_contains "proxy client certificate of all nodes" "no restart of kube-apiserver.service"
    assert_lacks "zz-aggregation"
    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    load_up 3 200 echo
    load_goes_on 400
    assert_exit 0 op init --yes
    assert_contains "0 restarts"
    assert_exit 0 op init --yes
    assert_contains "nothing to change"
    assert_exit 0 op verify
    assert_exit 0 op rotate --yes --reload-wait 3
    assert_exit 0 op rotate --ca --yes --soak 5 --watch 20 --reload-wait 3
    load_goes_on 400
    load_down
    assert_no_failure
    assert_exit 0 op verify
    on_each 3 assert_unit
    for NODE in 1 2 3; do assert_eq "CAs in the handshake of node $NODE" 1 "$(handshake_cas | grep -c aggregator)"; done

    # What is ours is adopted as it is: the state directory says whose it is.
    assert_exit 0 op_adopt 3 --output "$OPERATOR/ours.json"
    assert_contains "wrote"
    assert_lacks "no state directory"
    grep -q '"cluster": "lab"' "$OPERATOR/ours.json" || fail "the state directory says which cluster it is"
    mv "$OPERATOR/ours.json" "$OPERATOR/cluster.json"
    assert_exit 0 op plan --detailed-exitcode
}

guide_flags() {
    API_FLAGS=(
        --requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem
        --requestheader-allowed-names=aggregator
        --requestheader-extra-headers-prefix=X-Remote-Extra-
        --requestheader-group-headers=X-Remote-Group
        --requestheader-username-headers=X-Remote-User
        --proxy-client-cert-file=$NODE_CERTIFICATES/aggregator.pem
        --proxy-client-key-file=$NODE_CERTIFICATES/aggregator-key.pem
        --enable-aggregator-routing=true)
}

guide_install() {
    local root subject="/C=CN/ST=Shanghai/L=Shanghai/O=k8s/OU=System/CN=aggregator"
    root=$(node_root)
    if [ ! -e "$PKI/aggregator-ca.pem" ]; then
        make_ca aggregator-ca "$subject"
        make_leaf aggregator-ca aggregator "$subject" "keyUsage=critical,digitalSignature,keyEncipherment" \
            "extendedKeyUsage=serverAuth,clientAuth" "subjectAltName=DNS:kubernetes,IP:127.0.0.1,IP:10.254.0.1"
    fi
    install -m644 "$PKI/aggregator-ca.pem" "$PKI/aggregator.pem" "$root$NODE_CERTIFICATES/"
    install -m600 "$PKI/aggregator-key.pem" "$root$NODE_CERTIFICATES/"
}
