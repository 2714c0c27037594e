# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An extension server names the new CA and refuses its proxy clients: the control plane is put back at once; so is every one of the run where that begins later.
story() {
    rotation_up
    extension_start picky picky-1 -stale
    extension_register picky
    on_each 3 wait_for 30 extension_answers picky

    # Refused from the beginning: one control plane is changed, seen to be refused, and put back.
    refuses picky-1
    assert_exit 4 rotate_ca
    assert_contains "rotation/service-lost" "v1.$(extension_group picky)" "HTTP status 401" "every file is as it was"
    assert_lacks "cp2: its aggregator presents" "cp3: its aggregator presents"
    assert_old_everywhere

    # Refused from the second or third one on: what the first one has is taken back too, and said. What a server believes that
    # refuses is what it loaded at its start: the old CA alone.
    assert_exit 0 op rotate --abort --yes "${ROTATION_WAITS[@]}"
    extension_replace picky-1 picky-2 -stale
    on_each 3 wait_for 30 extension_answers picky
    refuse_after "cp2: its aggregator presents" picky-2
    assert_exit 4 rotation_log
    assert_contains "rotation/service-lost" "v1.$(extension_group picky)" "cp1: its old certificate and key were restored"
    assert_old_everywhere

    extension_replace picky-2 picky-3 -stale
    on_each 3 wait_for 30 extension_answers picky
    assert_exit 0 rotate_ca
    assert_replaced
    load_down
}

# From now on the instance believes what it loaded at its start, and names what it has loaded since.
refuses() { kill -USR1 "$(<"$EXTENSIONS/$1.pid")"; }

# refuse_after TEXT INSTANCE: rotates, and has the instance refuse as soon as TEXT is written.
refuse_after() {
    local pid
    {
        rotate_ca >"$LAB/rotation.log" 2>&1 && echo 0 >"$LAB/rotation.status" || echo $? >"$LAB/rotation.status"
    } &
    pid=$!
    wait_for 120 grep -q "$1" "$LAB/rotation.log"
    refuses "$2"
    wait $pid
}

rotation_log() {
    cat "$LAB/rotation.log"
    return "$(<"$LAB/rotation.status")"
}

# Every control plane presents what it had, and is answered by every extension server; no other service was lost.
assert_old_everywhere() {
    local NODE
    for NODE in 1 2 3; do
        cmp "$PKI/old-$NODE.pem" "$(node_root)$NODE_CERTIFICATES/aggregator.pem" || fail "node $NODE has its old certificate"
        cmp "$PKI/old-$NODE-key.pem" "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" || fail "node $NODE has its old key"
        wait_for 15 extension_answers picky
        assert_same_start
        assert_nothing_left
    done
    load_goes_on 60
    assert_no_failure
}
