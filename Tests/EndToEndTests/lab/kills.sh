# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ends a run at a chosen system call, and sees whether the next run heals what is left. Sourced after assert.sh.

KILLED=0
UNREACHED=""

# kill_run POINT CMD...: runs CMD, a run of aggbootstrap on the node, and ends it with -9. What it wrote is in LAST; false
# where it ended before. POINT is one of
#   SYSCALL N [PATH]   a thread of it enters SYSCALL for the Nth time, on PATH if given. Of a rename PATH is the old name:
#                      strace looks at no other. It counts for each thread by itself.
#   when CONDITION...  a function says so, which is asked again and again
kill_run() {
    local point=$1 status=0 words run
    shift
    read -ra words <<<"$point"
    LAST_COMMAND="$*, ended at: $point"
    if [ "${words[0]}" = when ]; then
        wait_for 20 not reloads
        started_before=$(start_timestamp)
        node_exec "$@" >"$LAB/run" 2>&1 &
        run=$!
        until "${words[@]:1}"; do
            kill -0 $run 2>/dev/null || break
            sleep .02
        done
        pkill -9 --ns "$(<"$LAB/node$NODE.pid")" --nslist pid -x aggbootstrap || true
        wait $run || status=$?
        LAST=$(<"$LAB/run")
    else
        LAST=$(node_exec strace -f -o /dev/null -e trace="${words[0]}" ${words[2]:+-P "${words[2]}"} \
            -e inject="${words[0]}:signal=SIGKILL:when=${words[1]}" "$@" 2>&1) || status=$?
    fi
    case $status in
    137) KILLED=$((KILLED + 1)) ;;
    0) UNREACHED="$UNREACHED [$point]"; return 1 ;;
    *) fail "it was ended at $point, but its status is $status" ;;
    esac
}

# slow_reload: from now on systemd takes a second to read its units, so that a run can be met in it.
slow_reload() {
    printf '#!/bin/sh\nsleep 1\n' | node_file 755 /run/systemd/system-generators/slow-reload
}

# Moments of a run for `when`: systemd reads its units; the unit is stopped; it is started again, and does not serve yet.
reloads() { pgrep --ns "$(<"$LAB/node$NODE.pid")" --nslist pid -f system-generators/slow-reload >/dev/null; }
stops() { [[ $(node_exec systemctl show -P ActiveState kube-apiserver) == *activating ]] || starts; }
starts() {
    local start
    start=$(start_timestamp) && [ -n "$start" ] && [ "$start" != "$started_before" ]
}

not() { ! "$@"; }

# kill_and_heal POINT: ends init there (see kill_run), and sees whether the next one heals what is left.
kill_and_heal() {
    local point=$1
    kill_run "$point" aggbootstrap init --yes --spec /root/cluster.json || true
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
