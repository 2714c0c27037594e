# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A rotation is called off after S2, after S4 on one node, and too late: the old CA alone is back, or nothing changes. With a kubectl of 1.20.
story() {
    use_old_kubectl
    rotation_up
    # Nothing is open.
    assert_exit 0 op rotate --abort --yes
    assert_contains "nothing to abort"

    # Before the new CA is stored.
    kill_rotation call fsync "$OPERATOR/state/ledger.jsonl" --ca --yes "${ROTATION_WAITS[@]}"
    assert_exit 0 op rotate --abort --yes
    assert_contains "no control plane was changed"
    on_each 3 assert_node_untouched
    assert_state_settled

    # After S2.
    kill_rotation line "S2 trust: reached" --ca --yes "${ROTATION_WAITS[@]}"
    assert_open
    assert_exit 0 op rotate --ca --dry-run
    assert_contains "continue the rotation" "it would continue with S4 leaves"
    NODE=1 keep_front_proxy new
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_kept

    # After S4 on node 1, and killed on the way back, which rotate --ca does not turn around again.
    kill_rotation line "cp2: 2 files written" --ca --yes "${ROTATION_WAITS[@]}"
    NODE=1 keep_front_proxy new
    for NODE in 2 3; do cp "$PKI/new-1.pem" "$PKI/new-$NODE.pem"; cp "$PKI/new-1-key.pem" "$PKI/new-$NODE-key.pem"; done
    NODE=1
    [ "$(certificates_in <"$PKI/new-1.pem")" != "$(certificates_in <"$PKI/old-1.pem")" ] || fail "node 1 had a new pair"
    kill_rotation line "S4 leaves: installing" --abort --yes "${ROTATION_WAITS[@]}"
    assert_exit 1 op init --yes
    assert_contains "rotation/open" "and is being aborted" "rotate --abort"
    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_contains "abort the rotation" "only the old CA is trusted"
    assert_kept
    on_each 3 assert_refused new

    # Once one node has dropped the old CA it is too late.
    kill_rotation line "S6 drop: reached" --ca --yes "${ROTATION_WAITS[@]}"
    assert_abort_refused
    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_replaced
    assert_killed 5
    load_down
}

assert_abort_refused() {
    local before
    before=$(open_digest)
    assert_exit 1 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    assert_contains "rotation/too-late" "does not trust the old CA any more" "rotate --ca"
    diff <(echo "$before") <(open_digest) || fail "nothing changed"
}
