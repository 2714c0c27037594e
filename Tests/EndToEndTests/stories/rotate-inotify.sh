# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A kube-apiserver that watches its files, as from 1.23 on: new leaves and CAs under 200 requests a second, and not one fails.
story() {
    local before
    use_watching
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load 200
    time_rotations

    # What their watches alone say of them is true.
    on_each 3 keep_front_proxy old
    before=$SECONDS
    assert_exit 0 op rotate --yes --no-canary
    assert_lacks "reads changed files each minute"
    [ $((SECONDS - before)) -lt 60 ] || fail "no minute is waited for where watches tell"
    load_goes_on 200
    for NODE in 1 2 3; do
        [ "$(load_shown "$NODE")" != "$(serial_of old)" ] || fail "node $NODE shows another certificate"
    done
    load_down
}
