# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The operator's process is killed at 13 points of a roll-back over ssh: again, both nodes end on the same side.
story() {
    local point total size
    cluster_up 2
    operator_up 2
    assert_exit 0 op init --yes
    # A pair of another size, which needs no restart.
    ssh_spec 2 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } }' \
        >"$OPERATOR/cluster.json"
    assert_exit 0 op init --yes

    total=$(messages_of_a_rollback)
    size=256
    both_are_there
    # From where it takes the locks to its last message, all of them on the way to the other side.
    for point in $(for part in $(seq 13); do echo $((total * (30 + part * 5) / 100)); done); do
        [ $size = 256 ] && size=384 || size=256
        # Which thread sends how many differs from run to run: where it ended, an earlier message of the next.
        until kill_rollback "$point"; do
            both_are_there
            [ $size = 256 ] && size=384 || size=256
            point=$((point * 4 / 5))
        done
        on_each 2 kube_ready
        on_each 2 wait_for 30 node_is_let_go
        assert_exit 0 op rollback --yes
        both_are_there
        echo "repeated: message $point of $total"
    done
    assert_killed 13
    on_each 2 assert_aggregation
}

# Every message to a node is a sendto(2).
strace_rollback() {
    outside env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$OPERATOR" strace -f -o "$LAB/trace" -e trace=sendto "$@" \
        "$AGGBOOTSTRAP" rollback --yes --spec "$OPERATOR/cluster.json" 2>&1 </dev/null
}

# strace(1) counts for each thread by itself.
messages_of_a_rollback() {
    strace_rollback >/dev/null || fail "a roll-back is possible"
    awk '/sendto\(/ && ++count[$1] > most { most = count[$1] } END { print most }' "$LAB/trace"
}

# Whether it was ended there.
kill_rollback() {
    local status=0
    LAST_COMMAND="rollback, ended at message $1"
    LAST=$(strace_rollback -e inject=sendto:signal=SIGKILL:when="$1") || status=$?
    case $status in
    137) KILLED=$((KILLED + 1)) ;;
    0) return 1 ;;
    *) fail "rollback was ended, but its status is $status" ;;
    esac
}

both_are_there() {
    on_each 2 assert_pair root:root
    on_each 2 key_has_size
    on_each 2 nothing_is_left
    [ ! -e "$OPERATOR/state/rollback" ] || fail "the roll-back has come to its end"
}

key_has_size() {
    assert_eq "the size of node $NODE's key" $size "$(openssl pkey -text -noout -in \
        "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" | sed -nE 's/.*\(([0-9]+) bit.*/\1/p')"
}

nothing_is_left() {
    assert_eq "what is left on node $NODE" "" "$(node_exec find /var/lib/aggbootstrap-node $NODE_CERTIFICATES /etc/systemd/system \
        -name '.*' -o -name '*unfinished*' -o -name '*-tmp' -o -name 'verify-*' -o -name 'transaction*')"
}
