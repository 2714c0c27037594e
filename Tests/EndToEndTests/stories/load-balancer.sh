# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A first init and a rollback behind the HAProxy of docs/how-to/load-balancer.md, under 50 requests a second of clients that know no other address.
story() {
    local client=0
    cluster_up 3
    operator_up 3
    haproxy_up "$HERE/../../docs/how-to/load-balancer.md"
    for what in init rollback; do
        clients_up
        assert_exit 0 op $what --yes
        clients_down
    done
    haproxy_is_there || fail "HAProxy still runs: $(<"$LAB/haproxy.log")"
    kill "$HAPROXY_PID"
}

# Through the load balancer alone; each request on a connection of its own.
clients_up() {
    rm -f "$LAB/clients"
    mkfifo "$LAB/clients"
    outside python3 "$HERE/lab/availability.py" "$PKI" 50 127.0.0.1 <"$LAB/clients" >"$LAB/figures" &
    client=$!
    exec 7>"$LAB/clients"
}

clients_down() {
    local figures
    exec 7>&-
    wait $client || fail "the clients ended well"
    figures=$(<"$LAB/figures")
    echo "$what: $figures"
    [[ $figures == *'"failed": 0,'* ]] || fail "no request failed: $figures"
    [[ $figures =~ \"requests\":\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 300 ] || fail "300 requests were made: $figures"
    for NODE in 1 2 3; do
        [ "$(start_timestamp)" != "${started[$NODE]:-}" ] || fail "node $NODE was restarted by $what"
        started[NODE]=$(start_timestamp)
    done
}

# haproxy_up PAGE: with the configuration of the page, at its place, before the lab's nodes.
haproxy_up() {
    local package folders="" node
    declare -gA started=()
    for package in haproxy liblua5.3-0 libopentracing1 libopentracing-c-wrapper0; do
        [ -d "$LAB_CACHE/$package" ] || skip "there is no $package: scripts/need.sh e2e unpacks it"
        folders+="$LAB_CACHE/$package/usr/lib/x86_64-linux-gnu:"
    done
    sed -n '/^```haproxy$/,/^```$/{/^```/!p}' "$1" >"$LAB/haproxy.cfg"
    for node in 1 2 3; do
        sed -i "s/192\.0\.2\.$node:/$(lab_host "$node"):/" "$LAB/haproxy.cfg"
        started[$node]=$(NODE=$node start_timestamp)
    done
    assert_eq "the servers of the page" 3 "$(grep -c "$LAB_SUBNET" "$LAB/haproxy.cfg")"
    outside env LD_LIBRARY_PATH="$folders" "$LAB_CACHE/haproxy/usr/sbin/haproxy" -db -f "$LAB/haproxy.cfg" \
        </dev/null >"$LAB/haproxy.log" 2>&1 &
    HAPROXY_PID=$!
    wait_for 20 haproxy_is_there
}

haproxy_is_there() { outside curl -sS -o /dev/null --max-time 5 --cacert "$PKI/ca.pem" https://127.0.0.1:6443/readyz; }
