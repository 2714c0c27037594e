# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# `rotate --ca` is killed with -9 in every stage: run again it goes on, ends with one CA, and not one request fails.
story() {
    local state old
    rotation_up
    state=$OPERATOR/state
    old=$(basename "$state"/ca/0001-*)

    # One rotation, ended 18 times. S1: the ledger has the line, the CA is not stored; the CA has no leaf; no node has one.
    kill_rotation call fsync "$state/ledger.jsonl" --ca --yes "${ROTATION_WAITS[@]}"
    assert_eq "CAs" 1 "$(ls "$state/ca" | wc -l)"
    assert_open
    kill_rotation ledger 1 rotation-begin --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation ledger 2 issued-leaf --ca --yes "${ROTATION_WAITS[@]}"
    # S2: as the push begins, and as one node says that it is there.
    kill_rotation ledger 1 apply-begin --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation line "1 file written" --ca --yes "${ROTATION_WAITS[@]}"
    # Between S2 and S3.
    kill_rotation line "S2 trust: reached" --ca --yes "${ROTATION_WAITS[@]}"
    on_each 3 trusts_both
    kill_rotation line "S3 extensions: waiting" --ca --yes "${ROTATION_WAITS[@]}"
    # S4: node 2's files are written and its gate is not passed; then as node 3 begins.
    kill_rotation line "cp2: 2 files written" --ca --yes "${ROTATION_WAITS[@]}"
    assert_open
    kill_rotation ledger 2 apply-begin --ca --yes "${ROTATION_WAITS[@]}"
    assert_contains "an interrupted change of cp2 was undone"
    # S5.
    kill_rotation line "S5 soak: " --ca --yes "${ROTATION_WAITS[@]}"
    # S6: in the push, and as the ConfigMap is about to be changed.
    kill_rotation ledger 2 apply-begin --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation line "the extension API servers' ConfigMap gets the new CA only" --ca --yes "${ROTATION_WAITS[@]}"
    # S7: before the old pair is tried, and in the midst of the old keys' destruction.
    kill_rotation line "S7 proof: waiting" --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation call rename "$state/leaves/cp2/0001" --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation call unlink "$state/leaves/cp3/.unfinished-0001/key.pem" --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation call unlink "$state/ca/$old/ca-key.pem" --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation call unlink "$state/retired/key.pem" --ca --yes "${ROTATION_WAITS[@]}"
    kill_rotation call fsync "$state/ledger.jsonl" --ca --yes "${ROTATION_WAITS[@]}"

    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_replaced
    assert_killed 18
    load_down
}
