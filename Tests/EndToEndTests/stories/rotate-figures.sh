# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# How long a rotation itself takes, without soak and watch, under 200 aggregated requests a second; kube-apiserver looks at its files each second.
story() {
    local round before
    rotation_up 200
    for round in 1 2 3; do
        before=$(date +%s%3N)
        assert_exit 0 op rotate --yes
        echo "round $round: leaves of 3 control planes in $(($(date +%s%3N) - before)) ms"
        before=$(date +%s%3N)
        assert_exit 0 op rotate --ca --yes --soak 0 --watch 0
        echo "round $round: the CA of 3 control planes in $(($(date +%s%3N) - before)) ms"
        load_goes_on 200
        assert_no_failure
    done
    assert_replaced
    load_down
}
