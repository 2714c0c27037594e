# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# The state directory is gone, then a CA and a pair made by hand, of one subject: replaced in stages.
story() {
    local subject="/C=CN/ST=Shanghai/L=Shanghai/O=k8s/OU=System/CN=aggregator"
    rotation_up
    rm -rf "$OPERATOR/state"
    assert_exit 1 op init --yes
    assert_contains "plan/foreign-ca" "--state DIR" "rotate --ca"
    assert_exit 1 op rotate --ca --cross-sign --dry-run
    assert_contains "rotation/no-cross-sign" "S7 proof"
    assert_exit 0 op rotate --ca --dry-run
    [ ! -e "$OPERATOR/state" ] || fail "a dry run makes no state: $(ls "$OPERATOR/state")"
    on_each 3 assert_node_untouched
    assert_exit 0 rotate_ca
    assert_replaced

    # As the procedure that is replaced here makes them.
    make_ca hand-ca "$subject"
    for NODE in 1 2 3; do
        make_leaf hand-ca "hand-$NODE" "$subject" "keyUsage=critical,digitalSignature,keyEncipherment" \
            "extendedKeyUsage=serverAuth,clientAuth" "basicConstraints=critical,CA:FALSE" \
            "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,IP:127.0.0.1,IP:10.254.0.1"
    done
    by_hand hand
    rm -rf "$OPERATOR/state"
    on_each 3 keep_front_proxy old
    assert_exit 1 op init --yes
    assert_contains "CN=aggregator" "rotate --ca"
    assert_exit 0 rotate_ca
    assert_replaced
    load_down
}

# by_hand NAME: this CA and its pairs take the place of what is in use, with no failed request.
by_hand() {
    cp "$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem" "$PKI/now-ca.pem"
    on_each 3 put_trust now "$1"
    on_each 3 wait_for 10 loads_subject "$1"
    wait_for 10 extension_has "$1"
    on_each 3 put_pair "$1"
    on_each 3 wait_for 20 shows_pair "$1"
    load_goes_on 60
    on_each 3 put_trust "$1"
    kube delete configmap -n kube-system extension-apiserver-authentication >/dev/null
    load_goes_on 60
    assert_no_failure
}

loads_subject() { handshake_cas | grep -qxF "$(subject "$PKI/$1-ca.pem")"; }
extension_has() { extension_cas echo-1 | grep -qxF "$(subject "$PKI/$1-ca.pem")"; }
