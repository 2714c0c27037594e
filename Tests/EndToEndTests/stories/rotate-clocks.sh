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
        assert_contains "plan/clock" "cp1: its clock is " "set both clocks"
        on_each 2 assert_node_untouched
        assert_eq "CAs in the state" 1 "$(ls "$OPERATOR/state/ca" | wc -l)"
        assert_exit 0 op init --yes
        assert_contains "nothing to change"
    done
    load_down
    assert_no_failure
}
