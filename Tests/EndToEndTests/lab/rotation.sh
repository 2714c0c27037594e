# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the stories about a CA's rotation share: a cluster with an extension server under load, rotations that are ended
# at a chosen moment, and what must hold at their end. Sourced after front-proxy.sh and kills.sh.

ROTATION_NODES=3
# Short waits: the lab's kube-apiserver looks at its files each second.
ROTATION_WAITS=(--soak 1 --watch 3 --reload-wait 3)
ROTATOR=op   # who rotates: the operator over ssh, or the control plane itself (agg)
rotation_state() { if [ $ROTATOR = op ]; then echo "$OPERATOR/state"; else echo "$(node_root)/var/lib/aggbootstrap/lab"; fi; }

# rotation_up [RATE]: three control planes with the layer on, an extension server, and RATE requests a second to it.
rotation_up() {
    use_fast_poll
    use_extensions
    cluster_up $ROTATION_NODES
    rotation_operator
    assert_exit 0 op init --yes
    rotation_load "$@"
}

# An operator with a kubeconfig, before init.
rotation_operator() {
    SPEC_MEMBERS="\"apiServer\": { \"aggregatorRouting\": true, \"kubeconfig\": \"$LAB/kubeconfig\" }"
    operator_up $ROTATION_NODES
}

# rotation_load [RATE [NODES]]: the load goes through the first NODES control planes.
rotation_load() {
    extensions_up $ROTATION_NODES
    extension_start echo echo-1
    extension_register echo
    load_up "${2:-$ROTATION_NODES}" "${1:-30}" echo
    load_goes_on 60
    on_each $ROTATION_NODES keep_front_proxy old
    remember_each $ROTATION_NODES
}

rotate_ca() { $ROTATOR rotate --ca --yes "${ROTATION_WAITS[@]}" "$@"; }

# time_rotations: three times new proxy clients and a new CA, without soak and watch, each with the time that it took.
time_rotations() {
    local round before
    for round in 1 2 3; do
        before=$(date +%s%3N)
        assert_exit 0 op rotate --yes
        echo "round $round: leaves of $ROTATION_NODES control planes in $(($(date +%s%3N) - before)) ms"
        before=$(date +%s%3N)
        assert_exit 0 op rotate --ca --yes --soak 0 --watch 0
        echo "round $round: the CA of $ROTATION_NODES control planes in $(($(date +%s%3N) - before)) ms"
        load_goes_on 200
        assert_no_failure
    done
    assert_replaced
}

# assert_replaced: one CA, which is not `old`, everywhere; the old pairs are refused; no old key and no unfinished work is
# left anywhere; nothing was restarted, and not one request has failed.
assert_replaced() {
    local NODE name
    load_goes_on 60
    assert_no_failure
    for NODE in $(seq $ROTATION_NODES); do
        assert_one_ca
        [ "$(node_ca)" != "$(certificates_in <"$PKI/old-ca.pem")" ] || fail "node $NODE has another CA than before"
        assert_refused old
        assert_same_start
    done
    assert_state_settled
    published_is_the_nodes || fail "the ConfigMap holds the new CA and no other"
}

# assert_kept: the same where the rotation was called off: the CA and the pairs are those of before.
assert_kept() {
    local NODE
    load_goes_on 60
    assert_no_failure
    for NODE in $(seq $ROTATION_NODES); do
        assert_one_ca
        assert_eq "the CA of node $NODE" "$(certificates_in <"$PKI/old-ca.pem")" "$(node_ca)"
        assert_same_start
    done
    assert_state_settled
    published_is_the_nodes || fail "the ConfigMap holds the old CA and no other"
}

# The node trusts one CA, on disk and in its running API server, and its pair is of that one.
assert_one_ca() {
    assert_eq "CAs on node $NODE" 1 "$(node_ca | wc -l)"
    assert_eq "CAs that node $NODE has loaded" "$(subject "$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem")" \
        "$(handshake_cas | grep -vxF CN=kubernetes)"
    assert_aggregation
    assert_nothing_left
    assert_eq "copies on node $NODE" "" "$(node_exec ls /var/lib/aggbootstrap-node/kube-apiserver.service 2>/dev/null)"
}

# assert_refused NAME: the pair that keep_front_proxy kept is nobody's any more.
assert_refused() {
    assert_eq "the status of the pair '$1' on node $NODE" 401 \
        "$(proxied "$PKI/$1-$NODE.pem" "$PKI/$1-$NODE-key.pem" /api/v1/nodes -o /dev/null -w '%{http_code}')"
}

# In the state directory, one CA has a key, each node has one leaf of it, and nothing is half made.
assert_state_settled() {
    local state
    state=$(rotation_state)
    assert_eq "CA keys in the state" 1 "$(find "$state/ca" -name '*key.pem' | wc -l)"
    assert_eq "leaf keys in the state" $ROTATION_NODES "$(find "$state/leaves" -name '*key.pem' | wc -l)"
    assert_eq "canaries that are left" "" "$(kube get apiservices -o name | grep canary)"
    assert_eq "what is left in the state" "" "$(find "$state" -name '.*' -o -name '*unfinished*' -o -name '*-tmp' -o -name retired)"
    assert_exit 0 $ROTATOR init --yes
    assert_contains "nothing to change"
    assert_exit 0 $ROTATOR verify
    on_each $ROTATION_NODES assert_same_start
}

node_ca() { certificates_in <"$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem"; }

# The API server of the node has not been started again since remember_each.
assert_same_start() { assert_eq "the start on node $NODE" "$(<"$LAB/started$NODE")" "$(start_timestamp)"; }

published_is_the_nodes() {
    [ "$(kube get configmap -n kube-system extension-apiserver-authentication \
        -o 'jsonpath={.data.requestheader-client-ca-file}' | certificates_in)" = "$(NODE=1 node_ca)" ]
}

# trusts_both: the node's file holds two CAs.
trusts_both() { [ "$(node_ca | wc -l)" = 2 ]; }

# assert_open: nothing but rotate changes anything, and what else is asked names both ways on.
assert_open() {
    local before after command
    before=$(open_digest)
    for command in "init --yes" "plan" "rollback --yes" "rotate --yes"; do
        # shellcheck disable=SC2086
        assert_exit 1 op $command
        assert_contains "rotation/open" "rotate --ca" "rotate --abort"
    done
    after=$(open_digest)
    diff <(echo "$before") <(echo "$after") || fail "nothing changed"
}

open_digest() {
    on_each $ROTATION_NODES tree_contents
    find "$OPERATOR/state" -type f ! -name lock -exec sha256sum {} +
}

# kill_rotation WHEN ARG...: runs `op rotate ARG...` and ends it with -9 at a moment:
#   line TEXT            as soon as it has written TEXT
#   ledger N TEXT        as soon as the ledger has N more lines with TEXT
#   call SYSCALL PATH    when a thread of it enters SYSCALL on PATH
# Then waits until no process of it is left on the nodes.
kill_rotation() {
    local way=$1 point="$1 $2 $3" status=0
    LAST_COMMAND="rotate, ended at: $point"
    case $way in
    line) LAST=$(ended_at line "$2" "$AGGBOOTSTRAP" rotate "${@:3}" 2>&1) || status=$?; point="line $2" ;;
    ledger) LAST=$(ended_at "ledger:$2" "$3" "$AGGBOOTSTRAP" rotate "${@:4}" 2>&1) || status=$? ;;
    call)
        LAST=$(outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" strace -f -o "$LAB/trace" -e trace="$2" \
            -P "$3" -e inject="$2:signal=SIGKILL:when=1" "$AGGBOOTSTRAP" rotate "${@:4}" \
            --spec "$OPERATOR/cluster.json" 2>&1 </dev/null) || status=$?
        ;;
    esac
    [ $status = 137 ] || fail "it was ended at: $point, but its status is $status"
    KILLED=$((KILLED + 1))
    on_each $ROTATION_NODES wait_for 30 node_is_let_go
    on_each $ROTATION_NODES kube_ready
    load_has_not_failed || fail "no request failed after the end at: $point, but: $(load_failures)"
    echo "ended at: $point"
}

# ended_at line|ledger:N TEXT CMD...
ended_at() {
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" python3 - "$1" "$2" "$OPERATOR/state/ledger.jsonl" \
        "${@:3}" --spec "$OPERATOR/cluster.json" <<'P'
import os, signal, subprocess, sys, time
way, text, ledger, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
def lines():
    try: return sum(text in line for line in open(ledger))
    except FileNotFoundError: return 0
begun = lines()
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if way.startswith("ledger:"):
    while child.poll() is None and lines() - begun < int(way[7:]): time.sleep(.002)
    child.send_signal(signal.SIGKILL)
    print(child.stdout.read())
else:
    for line in child.stdout:
        print(line, end="")
        if text in line: child.send_signal(signal.SIGKILL)
status = child.wait()
sys.exit(128 - status if status < 0 else status)
P
}
