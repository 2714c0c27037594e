# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes from a distribution's package: flags in an environment file, another user, a CA whose key nobody has,
# and a user of ssh who needs sudo. adopt writes their spec; rotate --ca replaces the CA under 200 requests a second.
story() {
    use_fast_poll
    use_extensions
    UNIT_SERVICE=(User=kube EnvironmentFile=-/etc/kubernetes/config EnvironmentFile=-/etc/kubernetes/apiserver)
    API_FLAGS=('$KUBE_LOG_LEVEL' '$KUBE_API_ARGS')
    before_start() { package_install; }
    cluster_up 3
    SSH_USER=alice
    operator_up 3
    kubeconfig 3
    rm "$OPERATOR/cluster.json"
    on_each 3 remember_unit

    assert_exit 0 op_adopt 3 --cluster lab --output "$OPERATOR/cluster.json"
    assert_contains "CN=front" "is in no state directory here"
    assert_lacks "does not keep"
    assert_exit 1 op plan
    assert_contains "plan/foreign-ca" "rotate --ca"
    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    load_up 3 200 echo
    load_goes_on 400
    assert_exit 0 op rotate --ca --yes --soak 5 --watch 20 --reload-wait 3
    load_goes_on 400
    load_down
    assert_no_failure
    assert_exit 0 op verify
    assert_exit 0 op rotate --yes --reload-wait 3
    on_each 3 assert_unit
}

package_install() {
    local root
    root=$(node_root)
    [ -e "$PKI/front.pem" ] || make_ca front "/O=example/CN=front"
    make_leaf front "front-client-$NODE" /CN=front-client extendedKeyUsage=clientAuth
    install -m644 "$PKI/front.pem" "$root$NODE_CERTIFICATES/front.pem"
    install -m644 "$PKI/front-client-$NODE.pem" "$root$NODE_CERTIFICATES/front-client.pem"
    install -m600 "$PKI/front-client-$NODE-key.pem" "$root$NODE_CERTIFICATES/front-client-key.pem"
    node_exec chown kube "$NODE_CERTIFICATES/front-client-key.pem"
    node_file 644 /etc/kubernetes/config <<<'KUBE_LOG_LEVEL="--v=1"'
    node_file 644 /etc/kubernetes/apiserver <<C
# Add your own!
KUBE_API_ARGS="--requestheader-client-ca-file=$NODE_CERTIFICATES/front.pem --requestheader-allowed-names=front-client --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group --requestheader-username-headers=X-Remote-User --proxy-client-cert-file=$NODE_CERTIFICATES/front-client.pem --proxy-client-key-file=$NODE_CERTIFICATES/front-client-key.pem --enable-aggregator-routing=true"
C
}
