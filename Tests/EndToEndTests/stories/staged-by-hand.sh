# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A rotation of the CA by hand in the right order, under 200 aggregated requests a second: not one request fails.
story() {
    local before
    use_fast_poll
    use_extensions
    cluster_up 3
    operator_up 3
    assert_exit 0 op init --yes
    extensions_up 3
    extension_start echo echo-1
    extension_start echo echo-2
    extension_start laggard laggard-1 -reload=false
    extension_register echo
    extension_register laggard
    load_up 3 200 echo laggard
    on_each 3 keep_front_proxy old
    mint_front_proxy new 3
    before=$SECONDS

    # Trust both, everywhere.
    on_each 3 put_trust new old
    on_each 3 wait_for 10 loaded_trust new old
    wait_for 10 published_trust new old
    # Each extension server must have both, and one that never reloads must be started again.
    wait_for 10 extension_loaded echo-1 new old
    wait_for 10 extension_loaded echo-2 new old
    extension_loaded laggard-1 old || fail "what never reloads has the old CA only"
    extension_replace laggard-1 laggard-2 -reload=false
    extension_loaded laggard-2 new old || fail "a new start takes both"
    echo "trusted everywhere after $((SECONDS - before)) s"

    # One control plane after the other.
    for NODE in 1 2 3; do
        put_pair new
        wait_for 10 shows_pair new
        load_goes_on 200
        assert_no_failure
    done
    echo "every pair changed after $((SECONDS - before)) s"
    load_goes_on 2000

    # Trust only the new one, everywhere, and publish no other.
    on_each 3 put_trust new
    on_each 3 wait_for 10 loaded_trust new
    kube delete configmap -n kube-system extension-apiserver-authentication >/dev/null
    wait_for 10 published_trust new
    wait_for 10 extension_loaded echo-1 new
    wait_for 10 extension_loaded echo-2 new
    # The laggard believes the old CA until it is started again.
    extension_loaded laggard-2 new old || fail "what never reloads has both"
    load_goes_on 2000
    published_trust new || fail "the old CA stays away"
    load_down
    assert_no_failure
    for NODE in 1 2 3; do
        assert_eq "who issued what node $NODE showed" 2 "$(load_issuers "$NODE" | sort -u | wc -l)"
        assert_eq "the status of the old pair" 401 \
            "$(proxied "$PKI/old-$NODE.pem" "$PKI/old-$NODE-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
    done
    echo "done after $((SECONDS - before)) s"
}
