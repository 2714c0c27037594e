# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# New proxy clients, then a new CA, under 200 aggregated requests a second through all three control planes: not one fails.
# One extension server never reloads its trust: it is named, and nothing goes on until it has been started again.
story() {
    local before serials
    use_fast_poll
    use_extensions
    cluster_up 3
    SPEC_MEMBERS="\"apiServer\": { \"aggregatorRouting\": true, \"kubeconfig\": \"$LAB/kubeconfig\" }"
    operator_up 3
    assert_exit 0 op init --yes
    extensions_up 3
    extension_start echo echo-1
    extension_start laggard laggard-1 -reload=false
    extension_register echo
    extension_register laggard
    load_up 3 200 echo laggard
    load_goes_on 400
    on_each 3 keep_front_proxy old
    serials=$(for node in 1 2 3; do load_shown $node; done)

    # The proxy clients alone: no restart, and every control plane shows another one.
    before=$SECONDS
    remember_each 3
    assert_exit 0 op rotate --yes --reload-wait 3
    echo "leaves replaced in $((SECONDS - before)) s"
    for NODE in 1 2 3; do assert_contains "cp$NODE: its aggregator presents the new certificate"; done
    load_goes_on 600
    assert_no_failure
    on_each 3 assert_same_start
    for NODE in 1 2 3; do
        grep -q "$(load_shown "$NODE")" <<<"$serials" && fail "node $NODE shows another certificate"
    done

    assert_exit 0 op rotate --ca --dry-run
    assert_contains "it would wait for 2 extension API servers to trust the new CA"

    # The CA: stops at the laggard, with both trusted everywhere and nothing broken.
    assert_exit 4 op rotate --ca --yes --soak 5 --watch 70 --reload-wait 3
    assert_contains "--accept-laggard $EXTENSION_NAMESPACE/laggard" "$(<"$EXTENSIONS/laggard-1.address"):8443"
    load_goes_on 400
    assert_no_failure
    assert_exit 1 op init --yes
    assert_contains "rotate --ca" "rotate --abort"

    extension_replace laggard-1 laggard-2 -reload=false
    before=$SECONDS
    assert_exit 0 op rotate --ca --yes --soak 5 --watch 70 --reload-wait 3
    echo "the CA replaced in $((SECONDS - before)) s"
    for NODE in 1 2 3; do assert_contains "cp$NODE: its aggregator presents the new certificate"; done
    assert_eq "canaries that are left" "" "$(kube get apiservices -o name | grep canary)"
    load_goes_on 600
    load_down
    assert_no_failure
    on_each 3 assert_same_start
    for NODE in 1 2 3; do
        assert_eq "the status of the old pair" 401 \
            "$(proxied "$PKI/old-$NODE.pem" "$PKI/old-$NODE-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
    done
    # Nothing of the old CA is left to bring it back, and there is nothing more to do.
    assert_eq "old keys" "" "$(find "$OPERATOR/state" -name '*key.pem' -path '*0001-*')"
    for NODE in 1 2 3; do
        assert_eq "copies on node $NODE" "" "$(node_exec ls /var/lib/aggbootstrap-node/kube-apiserver.service 2>/dev/null)"
    done
    assert_exit 0 op init --yes
    assert_contains "nothing to change"
    assert_exit 0 op verify
}
