# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# The operator's clock is 10 minutes off: refused before anything. An expired CA of another maker: replaced, which heals.
story() {
    local offset
    use_fast_poll
    use_extensions
    cluster_up 2
    ROTATION_NODES=2
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load
    for offset in "+10 minutes" "-10 minutes"; do
        assert_exit 1 outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" faketime "$offset" "$AGGBOOTSTRAP" rotate \
            --spec "$OPERATOR/cluster.json" --ca --yes "${ROTATION_WAITS[@]}"
        assert_contains "plan/clock" "cp1: its clock is " "correct both clocks"
        on_each 2 assert_node_untouched
        assert_eq "CAs in the state" 1 "$(ls "$OPERATOR/state/ca" | wc -l)"
        assert_exit 0 op init --yes
        assert_contains "nothing to change"
    done
    load_down
    assert_no_failure

    # With it nobody is taken for an aggregator any more: nothing is left to break, and init has no way out.
    env PKI="$PKI" faketime "-400 days" bash -c "$(declare -f make_ca); make_ca expired-ca '/CN=aggregator-ca expired' 365"
    for NODE in 1 2; do make_leaf expired-ca "expired-$NODE" "/CN=aggregator" "extendedKeyUsage=clientAuth"; done
    on_each 2 put_trust expired
    on_each 2 put_pair expired
    on_each 2 wait_for 10 loaded_trust expired
    on_each 2 keep_front_proxy old
    NODE=1
    assert_eq "the status of a pair of the expired CA" 401 \
        "$(proxied "$PKI/old-1.pem" "$PKI/old-1-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
    rm -rf "$OPERATOR/state"
    assert_exit 1 op init --yes
    assert_contains "plan/foreign-ca" "rotate --ca"
    assert_exit 0 rotate_ca
    load_up 2 30 echo
    assert_replaced
    load_down
}
