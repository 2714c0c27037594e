# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Three control planes as guides "the hard way" leave them, without the aggregation layer: adopt writes their spec, init turns
# the layer on, and certificates and CA are replaced under 200 requests a second. Every other argument stays.
story() {
    use_fast_poll
    use_extensions
    cluster_up 3
    operator_up 3
    kubeconfig 3
    rm "$OPERATOR/cluster.json"
    on_each 3 remember_arguments
    assert_exit 0 op_adopt 3 --cluster lab --output "$OPERATOR/cluster.json"
    assert_contains "is off" "wrote $OPERATOR/cluster.json"
    # No kube-proxy runs here, so the service's address leads nowhere.
    python3 -c 'import json,sys; f=sys.argv[1]; s=json.load(open(f)); s.setdefault("apiServer",{})["aggregatorRouting"]=True; json.dump(s,open(f,"w"))' \
        "$OPERATOR/cluster.json"
    assert_exit 2 op plan --detailed-exitcode
    assert_contains "zz-aggregation.conf" "restart"
    on_each 3 assert_arguments
    assert_exit 0 op init --yes
    assert_exit 0 op verify
    on_each 3 assert_arguments
    on_each 3 remember_unit

    extensions_up 3
    extension_start echo echo-1
    extension_register echo
    load_up 3 200 echo
    load_goes_on 400
    assert_exit 0 op rotate --yes --reload-wait 3
    assert_exit 0 op rotate --ca --yes --soak 1 --watch 5 --reload-wait 3
    load_goes_on 400
    load_down
    assert_no_failure
    assert_exit 0 op verify
    on_each 3 assert_arguments
    on_each 3 assert_unit
}

other_arguments() { running_flags | grep -vE '^--(requestheader|proxy-client|enable-aggregator)-' | sort; }
remember_arguments() { other_arguments >"$LAB/arguments$NODE"; }
assert_arguments() { assert_eq "the other arguments of node $NODE" "$(<"$LAB/arguments$NODE")" "$(other_arguments)"; }
