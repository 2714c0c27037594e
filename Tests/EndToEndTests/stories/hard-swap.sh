# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# The CA and the pairs are swapped by hand on all control planes at once: requests fail, until the old ones are put back.
story() {
    local before failed
    use_fast_poll
    use_extensions
    cluster_up 3
    operator_up 3
    assert_exit 0 op init --yes
    extensions_up 3
    extension_start echo echo-1
    extension_start laggard laggard-1 -reload=false
    extension_register echo
    extension_register laggard
    load_up 3 200 echo laggard
    on_each 3 keep_front_proxy old
    mint_front_proxy new 3

    before=$SECONDS
    for NODE in 1 2 3; do put_trust new && put_pair new; done
    on_each 3 wait_for 10 loaded_trust new
    wait_for 30 published_trust old new
    wait_for 10 extension_loaded echo-1 old new
    # What is loaded once at the start refuses the new certificates for good, and then the APIService is gone.
    on_each 3 wait_for 10 laggard_fails_at
    wait_for 60 laggard_is_unavailable
    failed=$(load_figure failed)
    [ "$failed" -ge 200 ] || fail "hundreds of requests failed: $failed"

    for NODE in 1 2 3; do put_trust old && put_pair old; done
    on_each 3 wait_for 10 loaded_trust old
    wait_for 90 extension_is_available laggard
    wait_for 90 load_quiet 5
    on_each 3 shows_pair old || fail "each control plane shows its old certificate"
    # Nobody takes a CA out of the ConfigMap.
    published_trust old new || fail "both CAs are published"
    load_down
    load_failures
    echo "swapped, put back and healed in $((SECONDS - before)) s"
}

laggard_is_unavailable() { ! extension_is_available laggard; }

laggard_fails_at() { load_failures | grep -q "$(lab_address) laggard.*certificate signed by unknown authority"; }
