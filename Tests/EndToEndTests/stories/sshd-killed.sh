# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A node's sshd is killed while a file is half copied, alone and with all that it runs: no torn file, and the next run heals.
story() {
    cluster_up 3
    operator_up 3
    printf '[Service]\nRestart=no\n' | NODE=2 node_file 644 /etc/systemd/system/ssh.service.d/restart.conf
    NODE=2 node_exec systemctl daemon-reload

    # A first change, with half of the certificate there. sshd and its sessions are killed; what they ran is not.
    remember_each 3
    killed_half_way aggregator.pem kill_sshd
    NODE=1 assert_aggregation
    NODE=3 assert_node_untouched
    # The copy is still under way, and while it is, it keeps every other run out.
    NODE=2 node_exec systemctl start ssh
    assert_exit 75 op init --yes
    assert_contains "cp2" "[node/locked]"
    NODE=2 go_on
    NODE=2 wait_for 40 node_is_let_go
    NODE=2 assert_not_begun
    healed

    # Another pair on all nodes, with half of the key there; the agent and the lock's keeper are killed too.
    ssh_spec 3 '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": 384 } } }' \
        >"$OPERATOR/cluster.json"
    remember_each 3
    killed_half_way aggregator-key.pem node_exec systemctl kill -s KILL ssh
    NODE=2 wait_for 40 node_is_let_go
    NODE=2 assert_not_begun
    on_each 3 kube_ready

    # With no sshd there nothing is done anywhere, and the message says where and why.
    assert_exit 1 op init --yes
    assert_contains "cp2: cannot connect to cp2 ($(lab_address 2))" "Connection refused" "[node/unreachable]"
    NODE=3 assert_node_untouched
    NODE=2 assert_not_begun
    NODE=2 node_exec systemctl start ssh
    healed
}

# killed_half_way FILE CMD...: CMD runs on node 2 when half of FILE has been copied there; init ends with 3 and says so.
killed_half_way() {
    local file=$1 run status=0
    shift
    NODE=2 stop_half_way "$file"
    op init --yes >"$LAB/run" 2>&1 &
    run=$!
    NODE=2 wait_for 60 is_stopped
    assert_eq "what is there of $file" 100 "$(NODE=2 node_exec stat -c %s "$NODE_CERTIFICATES/.$file.aggbootstrap-tmp")"
    NODE=2 "$@"
    wait $run || status=$?
    LAST=$(<"$LAB/run") LAST_COMMAND="init, when half of $file was copied"
    [ $status = 3 ] || fail "exit 3, but it was $status"
    assert_contains "cp2: cannot reach cp2: " "[node/connection-lost]" "its change is still open on the node" \
        "then run it again: it continues" "state of each node:" "cp1  has the change" "cp3  is as it was"
    NODE=2 node_exec rm /usr/local/bin/dd
}

# stop_half_way FILE: the process on the node that writes FILE stops after 100 bytes.
stop_half_way() {
    node_exec rm -f /srv/stopped
    node_file 755 /usr/local/bin/dd <<S
#!/bin/sh
case "\$*" in
*" of="*/.$1.aggbootstrap-tmp)
    {
        /usr/bin/dd bs=1 count=100 status=none
        sh -c 'echo \$PPID >/srv/stopping && mv /srv/stopping /srv/stopped && kill -STOP \$PPID'
        cat
    } >"\${*##* of=}" ;;
*) exec /usr/bin/dd "\$@" ;;
esac
S
}

# shellcheck disable=SC2016  # it expands on the node
is_stopped() { node_exec sh -c 'grep -q "^State:.T" "/proc/$(cat /srv/stopped)/status"'; }
# shellcheck disable=SC2016
go_on() { node_exec sh -c 'kill -CONT "$(cat /srv/stopped)"'; }

# The daemon and its sessions, at once; not what they run.
kill_sshd() {
    # shellcheck disable=SC2016
    node_exec sh -c 'for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm")" = sshd ] && pids="${pids:-} ${process#/proc/}"
    done
    kill -KILL $pids'
}

# Every file of node 2 that has its name is the one of before, and so is its API server.
assert_not_begun() {
    diff <(named_files <"$LAB/contents2") <(tree_contents | named_files) || fail "every file of node 2 is as it was"
    assert_eq "the start of node 2's API server" "$(<"$LAB/started2")" "$(start_timestamp)"
    kube_ready
}
named_files() { grep -v -e aggbootstrap -e ' d '; }

healed() {
    assert_exit 0 op init --yes
    on_each 3 assert_aggregation
    on_each 3 assert_nothing_left
    assert_exit 0 op init --yes
    assert_written 0 0
}
