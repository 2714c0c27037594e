# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The operator's process is killed with -9 at 20 points of a rollout over ssh: the next init heals every one.
story() {
    local point size=256
    cluster_up 2
    operator_up 2
    assert_exit 0 op init --yes
    # A new pair on both nodes; every message to a node is a sendto(2).
    for point in 100 110 120 130 140 145 150 155 160 165 170 175 180 185 190 195 200 205 210 215; do
        [ $size = 256 ] && size=384 || size=256
        ssh_spec 2 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": '$size' } } }' \
            >"$OPERATOR/cluster.json"
        kill_operator $point
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

kill_operator() {
    local status=0
    LAST_COMMAND="init, ended at message $1"
    LAST=$(outside env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$OPERATOR" strace -f -o /dev/null -e trace=sendto \
        -e inject=sendto:signal=SIGKILL:when="$1" "$AGGBOOTSTRAP" init --yes --spec "$OPERATOR/cluster.json" 2>&1 </dev/null) ||
        status=$?
    case $status in
    137) KILLED=$((KILLED + 1)) ;;
    0) UNREACHED="$UNREACHED [message $1]" ;;
    *) fail "init was ended, but its status is $status" ;;
    esac
}

key_has_size() {
    assert_eq "the size of node $NODE's key" $size "$(openssl pkey -text -noout -in \
        "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" | sed -nE 's/.*\(([0-9]+) bit.*/\1/p')"
}
