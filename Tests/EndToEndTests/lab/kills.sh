# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ends a run at a chosen system call, and sees whether the next run heals what is left. Sourced after assert.sh.

KILLED=0
UNREACHED=""

# kill_and_heal SYSCALL N [PATH]: ends init when one of its threads enters SYSCALL for the Nth time, on PATH if given.
# Of a rename PATH is the old name: strace looks at no other.
kill_and_heal() {
    local point="$*" status=0
    LAST_COMMAND="init, ended at: $point"
    LAST=$(node_exec strace -f -o /dev/null -e trace="$1" ${3:+-P "$3"} -e inject="$1:signal=SIGKILL:when=$2" \
        aggbootstrap init --yes --spec /root/cluster.json 2>&1) || status=$?
    case $status in
    137) KILLED=$((KILLED + 1)) ;;
    0) UNREACHED="$UNREACHED [$point]" ;;
    *) fail "init was ended, but its status is $status" ;;
    esac
    # The API server is never left down: at worst it is just being restarted.
    kube_ready
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_exit 0 agg init --yes
    assert_written 0 0
    assert_eq "what is left of unfinished work ($point)" "" "$(node_exec find /var/lib/aggbootstrap /var/lib/aggbootstrap-node \
        -name '.*' -o -name '*unfinished*' -o -name '*-tmp' -o -name 'verify-*' -o -name transaction)"
    echo "healed: $point"
}

assert_killed() { [ "$KILLED" -ge "$1" ] || fail "$1 runs were ended, but only $KILLED were; not reached:$UNREACHED"; }
