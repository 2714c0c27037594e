# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes as kubeadm leaves them, whose kube-apiservers something else runs, each in a file system of its own:
# the CA that kubeadm made is replaced under 200 requests a second, and no process is restarted.
story() {
    local flags
    use_fast_poll
    use_extensions
    NODE_CERTIFICATES=/etc/kubernetes/pki
    UNIT_SERVICE=("TemporaryFileSystem=/etc/kubernetes:ro" "BindReadOnlyPaths=$NODE_CERTIFICATES")
    API_FLAGS=(
        --requestheader-client-ca-file=$NODE_CERTIFICATES/front-proxy-ca.crt
        --requestheader-allowed-names=front-proxy-client
        --requestheader-extra-headers-prefix=X-Remote-Extra-
        --requestheader-group-headers=X-Remote-Group
        --requestheader-username-headers=X-Remote-User
        --proxy-client-cert-file=$NODE_CERTIFICATES/front-proxy-client.crt
        --proxy-client-key-file=$NODE_CERTIFICATES/front-proxy-client.key
        --enable-aggregator-routing=true)
    before_start() { front_proxy_install; }
    cluster_up 3
    SPEC_MEMBERS="$(kubeadm_certificates),
      \"apiServer\": { \"managedBy\": \"external\", \"kubeconfig\": \"$LAB/kubeconfig\" }"
    operator_up 3
    kubeconfig 3
    on_each 3 remember_process

    # The CA is another one's.
    assert_exit 1 op init --yes
    assert_contains "CN=front-proxy-ca" "rotate --ca"
    assert_exit 4 op status --warn-before 1d
    assert_contains "CN=front-proxy-ca"

    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    load_up 3 200 echo
    load_goes_on 400
    assert_exit 0 op rotate --ca --yes --soak 5 --watch 20 --reload-wait 3
    for NODE in 1 2 3; do assert_contains "cp$NODE: its aggregator presents the new certificate"; done
    # kubeadm would fail with a key beside the new CA that is not its own.
    for NODE in 1 2 3; do
        assert_contains "cp$NODE: $NODE_CERTIFICATES/front-proxy-ca.key was the key of the old CA: removed"
        assert_eq "keys of a CA on node $NODE" "" "$(node_exec ls $NODE_CERTIFICATES | grep -x front-proxy-ca.key)"
    done
    load_goes_on 600
    assert_no_failure
    assert_exit 0 op init --yes
    assert_contains "nothing to change"
    assert_exit 0 op verify
    assert_exit 0 op status
    assert_exit 0 op rotate --yes --reload-wait 3
    load_goes_on 400
    load_down
    assert_no_failure
    on_each 3 assert_same_process
    for NODE in 1 2 3; do assert_eq "CAs in the handshake of node $NODE" 1 "$(handshake_cas | grep -c front-proxy-ca)"; done

    # Other flags than the spec's are not ours to change.
    flags=$(on_each 3 running_flags)
    sed -i 's/"managedBy"/"aggregatorRouting": false, &/' "$OPERATOR/cluster.json"
    assert_exit 1 op init --yes
    assert_contains "plan/other-flags" "--enable-aggregator-routing=true"
    assert_eq "the flags" "$flags" "$(on_each 3 running_flags)"
}

# The front proxy's CA and client as kubeadm makes them: the same CA everywhere, its key too, and a pair on each node.
front_proxy_install() {
    local root
    root=$(node_root)
    [ -e "$PKI/front-proxy-ca.pem" ] || make_ca front-proxy-ca /CN=front-proxy-ca
    make_leaf front-proxy-ca "front-proxy-client-$NODE" /CN=front-proxy-client extendedKeyUsage=clientAuth
    install -m644 "$PKI/front-proxy-ca.pem" "$root$NODE_CERTIFICATES/front-proxy-ca.crt"
    install -m600 "$PKI/front-proxy-ca-key.pem" "$root$NODE_CERTIFICATES/front-proxy-ca.key"
    install -m644 "$PKI/front-proxy-client-$NODE.pem" "$root$NODE_CERTIFICATES/front-proxy-client.crt"
    install -m600 "$PKI/front-proxy-client-$NODE-key.pem" "$root$NODE_CERTIFICATES/front-proxy-client.key"
}

remember_process() { main_pid >"$LAB/pid$NODE"; }
assert_same_process() { assert_eq "the process of node $NODE's API server" "$(<"$LAB/pid$NODE")" "$(main_pid)"; }
