# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# An extension server that never reloads its trust is kept by --cross-sign: the old CA vouches for the new one behind
# each proxy client, and not one request fails, through a call-off, a kill and a renewal of the proxy clients too.
story() {
    local before
    use_fast_poll
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    extensions_up $ROTATION_NODES
    extension_start echo echo-1
    extension_start laggard laggard-1 -reload=false
    extension_register echo
    extension_register laggard
    load_up $ROTATION_NODES 100 echo laggard
    load_goes_on 200
    on_each $ROTATION_NODES keep_front_proxy old
    remember_each $ROTATION_NODES

    # The laggard stops it, and the way past it is named.
    assert_exit 64 op rotate --cross-sign --yes
    assert_exit 4 rotate_ca
    assert_contains "rotation/laggard" "$EXTENSION_NAMESPACE/laggard" "--cross-sign"
    assert_eq "what is cross-signed" "" "$(find "$OPERATOR/state" -name 'cross-signed.pem')"
    assert_exit 0 op rotate --ca --cross-sign --dry-run
    assert_contains "cross certificate"

    # Called off with the cross certificate on one node: the new pair is refused, and nothing of it is left.
    kill_rotation line "cp2: 2 files written" --ca --cross-sign --yes "${ROTATION_WAITS[@]}"
    assert_eq "certificates on node 1" 2 "$(NODE=1 presented | wc -l)"
    NODE=1 keep_front_proxy new
    openssl x509 -in "$PKI/new-1.pem" -out "$PKI/new-1.pem"
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_contains "stays valid until" "the key that it is for is destroyed"
    assert_kept
    NODE=1 assert_refused new
    assert_eq "what is cross-signed" "" "$(find "$OPERATOR/state" -name 'cross-signed.pem')"

    # Ended just after it was made, and gone on with: no node has it before S4, and then every one.
    kill_rotation ledger 1 cross-signed --ca --cross-sign --yes "${ROTATION_WAITS[@]}"
    on_each $ROTATION_NODES assert_presents 1
    before=$SECONDS
    assert_exit 0 rotate_ca --cross-sign
    echo "the CA replaced in $((SECONDS - before)) s"
    assert_contains "$(<"$EXTENSIONS/laggard-1.address"):8443 of $EXTENSION_NAMESPACE/laggard trusts" "restart it before"
    assert_replaced
    on_each $ROTATION_NODES assert_presents 2
    on_each $ROTATION_NODES assert_vouched
    extension_loaded laggard-1 old || fail "the laggard trusts the old CA only"
    assert_exit 0 op verify
    assert_contains "signed by $(subject "$PKI/old-ca.pem")"

    # New proxy clients keep the chain.
    assert_exit 0 op rotate --yes --reload-wait 3
    on_each $ROTATION_NODES assert_presents 2
    load_goes_on 400
    load_down
    assert_no_failure
    on_each $ROTATION_NODES assert_same_start
    on_each $ROTATION_NODES assert_vouched
    assert_exit 0 op plan
    assert_contains "nothing to change"
}

presented() { certificates_in <"$(node_root)$NODE_CERTIFICATES/aggregator.pem"; }

assert_presents() { assert_eq "certificates in the file of node $NODE" "$1" "$(presented | wc -l)"; }

# openssl too takes the node's proxy client under the old CA alone.
assert_vouched() {
    local file
    file=$(node_root)$NODE_CERTIFICATES/aggregator.pem
    openssl verify -x509_strict -purpose sslclient -CAfile "$PKI/old-ca.pem" -untrusted "$file" "$file" >/dev/null ||
        fail "the old CA vouches for the proxy client of node $NODE"
}
