# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# No room in the certificate directory of node 2 when its new pair is due: its old pair is whole, and with room it goes on.
story() {
    . "$HERE/stories/disk-full.sh"
    rotate_without_room
}

rotate_without_room() {
    # From the start: an API server that watches its files would miss what is mounted over them later.
    before_start() { [ "$NODE" != 2 ] || own_room $NODE_CERTIFICATES; }
    rotation_up
    kill_rotation line "S2 trust: reached" --ca --yes "${ROTATION_WAITS[@]}"
    NODE=2 take_room $NODE_CERTIFICATES 4
    assert_exit 3 rotate_ca
    assert_contains "cp2: cannot write $NODE_CERTIFICATES/aggregator" "No space left on device" \
        "cp1  has the change" "cp2  FAILED, and is as it was" "cp3  is as it was; its change was not started"
    on_each 3 trusts_both
    for NODE in 2 3; do
        assert_eq "the pair of node $NODE" "$(certificates_in <"$PKI/old-$NODE.pem")" \
            "$(certificates_in <"$(node_root)$NODE_CERTIFICATES/aggregator.pem")"
        assert_pair root:root
    done
    NODE=1
    load_goes_on 60
    assert_no_failure
    NODE=2 node_exec rm $NODE_CERTIFICATES/filler
    assert_exit 0 rotate_ca
    assert_replaced
    load_down
}
