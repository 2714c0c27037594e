# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A kube-apiserver that watches its files, as from 1.23 on: new leaves and CAs under 200 requests a second, and not one fails.
story() {
    local round before
    use_watching
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load 200
    for round in 1 2 3; do
        before=$(date +%s%3N)
        assert_exit 0 op rotate --yes
        echo "round $round: leaves of 3 control planes in $(($(date +%s%3N) - before)) ms"
        assert_lacks "reads changed files each minute"
        before=$(date +%s%3N)
        assert_exit 0 op rotate --ca --yes --soak 0 --watch 0
        echo "round $round: the CA of 3 control planes in $(($(date +%s%3N) - before)) ms"
        load_goes_on 200
        assert_no_failure
    done
    assert_replaced

    # What their watches alone say of them is true.
    on_each 3 keep_front_proxy old
    assert_exit 0 op rotate --yes --no-canary
    load_goes_on 200
    for NODE in 1 2 3; do
        [ "$(load_shown "$NODE")" != "$(serial_of old)" ] || fail "node $NODE shows another certificate"
    done
    load_down
}
