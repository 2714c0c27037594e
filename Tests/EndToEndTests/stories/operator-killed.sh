# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The operator's process is killed with -9 at 20 points of a rollout over ssh: the next init heals every one.
story() {
    local point size=256 most
    cluster_up 2
    operator_up 2
    assert_exit 0 op init --yes
    # A new pair on both nodes; every message to a node is a sendto(2), and the thread with the most of them changes them.
    next_size
    most=$(messages)
    for point in $(seq 1 20); do
        point=$((most * (360 + 26 * point) / 1000))
        next_size
        # Which thread sends how many differs from run to run: where it ended, an earlier message of the next.
        until kill_operator $point; do
            point=$((point * 4 / 5))
            next_size
        done
        on_each 2 kube_ready
        on_each 2 wait_for 30 node_is_let_go
        assert_exit 0 op init --yes
        on_each 2 assert_pair root:root
        on_each 2 key_has_size
        on_each 2 assert_nothing_left
        echo "healed: message $point"
    done
    assert_exit 0 op init --yes
    assert_written 0 0
    on_each 2 assert_aggregation
    assert_killed 20
}

# The other size of key, which asks for a new pair.
next_size() {
    [ $size = 256 ] && size=384 || size=256
    ssh_spec 2 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": '$size' } } }' \
        >"$OPERATOR/cluster.json"
}

# How many messages a whole run's busiest thread sends; strace counts those of each thread by itself.
messages() {
    outside env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$OPERATOR" strace -f -o "$LAB/messages" -e trace=sendto \
        "$AGGBOOTSTRAP" init --yes --spec "$OPERATOR/cluster.json" >/dev/null 2>&1 </dev/null
    cut -d' ' -f1 "$LAB/messages" | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }'
}

kill_operator() {
    local status=0
    LAST_COMMAND="init, ended at message $1"
    LAST=$(outside env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$OPERATOR" strace -f -o /dev/null -e trace=sendto \
        -e inject=sendto:signal=SIGKILL:when="$1" "$AGGBOOTSTRAP" init --yes --spec "$OPERATOR/cluster.json" 2>&1 </dev/null) ||
        status=$?
    case $status in
    137) KILLED=$((KILLED + 1)) ;;
    0) return 1 ;;
    *) fail "init was ended, but its status is $status" ;;
    esac
}

key_has_size() {
    assert_eq "the size of node $NODE's key" $size "$(openssl pkey -text -noout -in \
        "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" | sed -nE 's/.*\(([0-9]+) bit.*/\1/p')"
}
