# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# An API server that is not in the spec is named before anything; accepted, it brings the old CA back: status 4; in the spec it is done.
story() {
    use_fast_poll
    use_extensions
    cluster_up 3
    rotation_operator
    assert_exit 0 op init --yes
    # Through the two that are in the spec: what the third one sends is refused once its CA is dropped.
    rotation_load 30 2
    ssh_spec 2 >"$OPERATOR/cluster.json"
    assert_exit 1 op rotate --ca --yes --soak 1 --watch 75 --reload-wait 3
    assert_contains "rotation/unlisted" "$(lab_address 3)" "--accept-unlisted"
    assert_eq "generations in the state" 1 "$(find "$OPERATOR/state/ca" -name ca.pem | wc -l)"
    assert_exit 4 op rotate --ca --yes --soak 1 --watch 75 --reload-wait 3 --accept-unlisted "$(lab_address 3)"
    assert_contains "rotation/straggler" "came back" "$(lab_address 3)" "default/kubernetes"
    load_goes_on 60
    assert_no_failure
    ssh_spec 3 >"$OPERATOR/cluster.json"
    assert_exit 0 op rotate --ca --yes --soak 1 --watch 75 --reload-wait 3
    assert_replaced
    load_down
}
