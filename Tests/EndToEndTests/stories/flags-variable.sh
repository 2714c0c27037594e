# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The base unit uses $AGGREGATION_FLAGS: the drop-in holds that variable alone, and nothing is frozen.
story() {
    local dropin=/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf
    # shellcheck disable=SC2016  # systemd expands it
    API_FLAGS=('$AGGREGATION_FLAGS')
    cluster_up
    assert_exit 0 agg init --yes
    assert_lacks "overrides ExecStart"
    assert_aggregation
    assert_eq "the settings in the drop-in" "Environment" \
        "$(node_exec sed -nE 's/^([A-Za-z]+)=.*/\1/p' $dropin | sort -u | paste -sd,)"
    assert_converged

    # An edit of the base unit needs no init: the drop-in does not hold its command.
    API_FLAGS+=(--max-requests-inflight=399)
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-apiserver
    assert_aggregation
    running_flags | grep -qx -- --max-requests-inflight=399 || fail "the edited flag is in force"

    # Nor does it stay behind where the flags go.
    assert_exit 0 agg rollback --yes --require-proof
    running_flags | grep -qx -- --max-requests-inflight=399 || fail "the edited flag is in force"
    assert_eq "flags that are left" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
}
