# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# kill -9 and errors of the disk at drawn system calls of init, rotate, rollback and uninstall on a control plane, and at drawn
# programs of the agent and messages over ssh: what is left is whole, the API server serves, and the next run finishes it.
# FAULTS_POINTS (8) are drawn for each command with FAULTS_SEED (1).
story() {
    local points=${FAULTS_POINTS:-8} command
    size=256 routing=false MET=0
    FAULTS=$HERE/../Faults
    cluster_up
    assert_exit 0 agg init --yes
    for command in init rotate rollback uninstall; do local_faults $command "$points"; done
    assert_exit 0 agg uninstall --yes --remove-state
    operator_up 1
    assert_exit 0 op init --yes
    agent_faults "$points"
    operator_faults "$points"
    ssh_faults "$points"
    assert_exit 0 op init --yes
    assert_written 0 0
    assert_aggregation
    echo "$MET faults were met"
    [ "$MET" -ge $((points * 7)) ] || fail "$MET faults are enough"
}

# On the node itself.

# local_faults COMMAND COUNT
local_faults() {
    local command=$1 call index action path
    ready_for "$command"
    node_exec strace -f -qq -y -s 0 -o /tmp/trace -e trace="$(calls)" \
        aggbootstrap "$command" --yes --spec /root/cluster.json "${waits[@]}" >"$LAB/said" 2>&1 || fail "$command without a fault"
    python3 -B "$FAULTS/lab.py" points "$(node_root)/tmp/trace" "$2" "${FAULTS_SEED:-1}" \
        /etc/kubernetes /etc/systemd/system /var/lib/aggbootstrap /var/lib/aggbootstrap-node >"$LAB/points"
    while read -r call index action path <&6; do
        ready_for "$command"
        local_fault "$command" "$call" "$index" "$action" "$path"
    done 6<"$LAB/points"
}

calls() { python3 -B -c "import sys; sys.path.insert(0, '$FAULTS'); import tracing; print(','.join('?' + n for n in tracing.CHANGING + tracing.OPENING))"; }

local_fault() {
    local command=$1 status=0 what="error=$4" killed=()
    [ "$4" = KILL ] && what=signal=SIGKILL
    LAST_COMMAND="$command, $4 at $2 $3 of $5"
    node_exec strace -f -qq -o /tmp/trace -P "$5" -e trace="$2" -e inject="$2:$what:when=$3" \
        aggbootstrap "$command" --yes --spec /root/cluster.json "${waits[@]}" >"$LAB/said" 2>&1 || status=$?
    LAST=$(<"$LAB/said")
    node_exec grep -q -e INJECTED -e SIGKILL /tmp/trace || { echo "not reached: $LAST_COMMAND"; return; }
    case $status in
    137) killed=(killed) ;;
    0 | 1 | 3 | 4 | 75) ;;
    *) fail "it ends with a status of its own, and not with $status" ;;
    esac
    MET=$((MET + 1))
    whole "${killed[@]}"
    kube_ready
    heal "$command"
    echo "$status  $LAST_COMMAND"
}

# What is wrong is said by others than the program.
whole() {
    local said
    [ -z "${OPERATOR:-}" ] || set -- "state=$OPERATOR/state" "$@"
    said=$(python3 -B "$FAULTS/lab.py" judge "$(node_root)" "$LAB/said" "$@") || fail "after $LAST_COMMAND: $said"
}

# ready_for COMMAND: so that it has something to do.
ready_for() {
    waits=()
    case $1 in
    init) next_spec ;;
    # A kube-apiserver of 1.20 reads its files each minute; whether it has is not what is seen here.
    rotate) waits=(--reload-wait 0 --no-canary) ;;
    rollback)
        next_spec
        assert_exit 0 agg init --yes
        ;;
    uninstall) assert_exit 0 agg init --yes ;;
    esac
}

# The other size of key and the other flag: another pair, and a restart.
next_spec() {
    [ $size = 256 ] && size=384 routing=true || size=256 routing=false
    members='"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": '$size' } } },
        "apiServer": { "aggregatorRouting": '$routing' }'
    if [ -n "${OPERATOR:-}" ]; then ssh_spec 1 "$members" >"$OPERATOR/cluster.json"; else spec "$members" | node_file 644 /root/cluster.json; fi
}

heal() {
    local what=$LAST_COMMAND
    if [ "$1" = uninstall ]; then
        assert_exit 0 agg uninstall --yes
        kube_ready
        assert_eq "flags after $what" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
    else
        assert_exit 0 agg init --yes
        kube_ready
        assert_pair root:root
        assert_exit 0 agg plan --detailed-exitcode
    fi
    whole settled
    LAST_COMMAND=$what
}

# Over ssh: the agent's programs on the node.

AGENT_PROGRAMS=(mv sync rm mkdir chmod dd)

agent_faults() {
    local most at what program draw=() REACHED=by_agent
    node_exec mkdir -p /run/faults
    arm 0 none
    for program in "${AGENT_PROGRAMS[@]}"; do agent_wrapper "$program" | node_file 755 "/usr/local/sbin/$program"; done
    next_spec
    assert_exit 0 op init --yes
    most=$(node_exec sh -c 'wc -l </run/faults/count')
    echo "the agent runs $most programs that change something"
    mapfile -t draw < <(drawn "$most" "$1")
    for at in "${draw[@]}"; do
        for what in kill error cut; do
            next_spec
            arm "$at" $what
            over_ssh "$what at program $at of the agent" op init --yes
        done
    done
    node_exec sh -c 'cd /usr/local/sbin && rm -f "$@"' - "${AGENT_PROGRAMS[@]}"
}

arm() { node_exec sh -c ': >/run/faults/count; echo "$1" >/run/faults/at; echo "$2" >/run/faults/what' - "$@"; }

# drawn MOST COUNT: numbers from 1 to MOST, drawn with the seed.
drawn() {
    python3 -c 'import random, sys
most, count, seed = map(int, sys.argv[1:])
print(*sorted(random.Random(seed).sample(range(1, most + 1), min(count, most))), sep="\n")' "$1" "$2" "${FAULTS_SEED:-1}"
}

# A program that goes wrong at the number of /run/faults/at: its agent is killed, it fails, or the connection is cut.
agent_wrapper() {
    cat <<W
#!/bin/sh
echo $1 >>/run/faults/count
if [ "\$(wc -l </run/faults/count)" = "\$(cat /run/faults/at)" ]; then
    case \$(cat /run/faults/what) in
    kill) victim='aggbootstrap agent 1' ;;
    cut) victim='sshd: root@notty' ;;
    error) echo "$1: Input/output error" >&2; exit 1 ;;
    esac
    for process in /proc/[0-9]*; do
        case \$(tr '\\0' ' ' <\$process/cmdline 2>/dev/null) in *"\$victim"*) kill -9 \${process#/proc/} ;; esac
    done
fi
exec /usr/bin/$1 "\$@"
W
}

# Whether a run has met its fault, by what ran on the node, by strace, or by its status: without a connection none ends well.
by_agent() { [ "$(node_exec sh -c 'wc -l </run/faults/count')" -ge "$(node_exec cat /run/faults/at)" ]; }
by_trace() { grep -q -e INJECTED -e SIGKILL "$LAB/trace"; }
by_status() { [ "$1" != 0 ]; }

# over_ssh WHAT CMD...: CMD meets a fault, which $REACHED can tell; the node is whole and serves, and the next run finishes it.
over_ssh() {
    local status=0 killed=()
    LAST_COMMAND=$1
    shift
    "$@" >"$LAB/said" 2>&1 || status=$?
    LAST=$(<"$LAB/said")
    "$REACHED" "$status" || { echo "not reached: $LAST_COMMAND"; return; }
    case $status in 0 | 1 | 3 | 4 | 75 | 137) ;; *) fail "it ends with a status of its own, and not with $status" ;; esac
    # What it could not put back is left to the next run, and it says so.
    [ $status = 1 ] || [ $status = 0 ] || killed=(killed)
    MET=$((MET + 1))
    node_exec sh -c '[ ! -d /run/faults ] || echo 0 >/run/faults/at'
    wait_for 60 node_is_let_go
    whole "${killed[@]}"
    kube_ready
    local what=$LAST_COMMAND
    assert_exit 0 op init --yes
    kube_ready
    assert_pair root:root
    assert_nothing_left
    whole settled
    assert_exit 0 op plan --detailed-exitcode
    echo "$status  $what"
}

# The operator's process: killed at a drawn message, and errors of the disk that its state directory is on.

traced_op() {
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" strace -f -qq -s 0 "$@" "$AGGBOOTSTRAP" init --yes \
        --spec "$OPERATOR/cluster.json" </dev/null
}

operator_faults() {
    local most at call index action path REACHED=by_trace
    next_spec
    traced_op -y -o "$LAB/trace" -e trace="sendto,$(calls)" >"$LAB/said" 2>&1 || fail "init over ssh without a fault"
    python3 -B "$FAULTS/lab.py" points "$LAB/trace" "$1" "${FAULTS_SEED:-1}" "$OPERATOR/state" >"$LAB/points"
    most=$(grep sendto "$LAB/trace" | cut -d' ' -f1 | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')
    for at in $(drawn "$most" "$1"); do
        next_spec
        over_ssh "kill at message $at of $most" traced_op -o "$LAB/trace" -e trace=sendto -e inject=sendto:signal=SIGKILL:when="$at"
    done
    while read -r call index action path <&6; do
        next_spec
        [ "$action" = KILL ] && action=signal=SIGKILL || action=error=$action
        over_ssh "$action at $call $index of $path" traced_op -o "$LAB/trace" -P "$path" -e trace="$call" \
            -e inject="$call:$action:when=$index"
    done 6<"$LAB/points"
}

# The ssh client ends at a drawn read of what the node says.

ssh_faults() {
    local at REACHED=by_status
    mkdir -p "$OPERATOR/bin"
    cat >"$OPERATOR/bin/ssh" <<W
#!/bin/sh
case " \$* " in
*" ControlMaster=yes "*) exec strace -f -qq -o /dev/null -e trace=read -e inject=read:signal=SIGKILL:when=\$(cat $OPERATOR/at) /usr/bin/ssh "\$@" ;;
*) exec /usr/bin/ssh "\$@" ;;
esac
W
    chmod 755 "$OPERATOR/bin/ssh"
    for at in $(drawn 120 "$1"); do
        next_spec
        echo $((at + 40)) >"$OPERATOR/at"
        over_ssh "the ssh client killed at its read $((at + 40))" cut_op
    done
}

cut_op() {
    outside env -i PATH="$OPERATOR/bin:$OPERATOR_PATH" HOME="$OPERATOR" "$AGGBOOTSTRAP" init --yes --spec "$OPERATOR/cluster.json" </dev/null
}
