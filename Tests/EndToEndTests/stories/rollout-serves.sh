# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A first init of three control planes under 50 requests a second: never two not ready at once, and no request fails.
story() {
    local client figures before
    cluster_up 3
    operator_up 3
    mkfifo "$LAB/client"
    outside python3 "$HERE/lab/availability.py" "$PKI" 50 "$(lab_address 1)" "$(lab_address 2)" "$(lab_address 3)" \
        <"$LAB/client" >"$LAB/figures" &
    client=$!
    exec 7>"$LAB/client"
    before=$SECONDS
    assert_exit 0 op init --yes
    assert_written 12 3
    exec 7>&-
    wait $client || fail "the client ended well"
    figures=$(<"$LAB/figures")
    echo "in $((SECONDS - before)) s: $figures"
    [[ $figures == *'"failed": 0,'* ]] || fail "no request failed: $figures"
    [[ $figures == *'"most_not_ready": 1,'* ]] || fail "one control plane at a time was not ready: $figures"
    [[ $figures =~ \"not_ready_seen\":\ [3-9] ]] || fail "each of the three was seen to be away: $figures"
    [[ $figures =~ \"requests\":\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 300 ] || fail "300 requests were made: $figures"
    on_each 3 assert_aggregation
}
