# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# SIGTERM in the soak, ^C in the watch: a rotation ends within seconds, says where it stands, and continues when it is run again; a second ^C ends it at once.
story() {
    rotation_up

    # One that reads its files by time keeps a node's gate waiting for a minute, which the first ^C does not cut short.
    if ! watches_files; then
        begin_rotation --soak 0 --watch 3 --no-canary --reload-wait 60
        wait_for 60 log_has "cp1: 2 files written"
        stop_rotation INT
        wait_for 10 log_has "stopping: "
        sleep 1
        stop_rotation INT
        end_rotation 130
        on_each 3 wait_for 30 node_is_let_go
        on_each 3 kube_ready
    fi

    begin_rotation --soak 120 --watch 3 --reload-wait 3
    wait_for 120 log_has "S5 soak: "
    stop_rotation TERM
    end_rotation 4
    assert_contains "stopping: " "rotation/stopped" "stopped as asked in S5 soak" "rotate --abort"
    on_each 3 trusts_both || fail "every node trusts both"

    begin_rotation --soak 0 --watch 120 --reload-wait 3
    wait_for 120 log_has "watching it for 120 s"
    stop_rotation INT
    end_rotation 4
    assert_contains "stopped as asked in S6 drop" "cannot be aborted any more" "run aggbootstrap rotate --ca --spec $OPERATOR/cluster.json again"
    assert_lacks "rotate --abort"

    assert_exit 0 rotate_ca
    assert_replaced
    load_down
}

# begin_rotation ARG...: a rotation in the background, as it runs at a terminal: its signals are not ignored.
begin_rotation() {
    : >"$LAB/rotation.log"
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" python3 - "$LAB/rotation.log" "$LAB/rotation.pid" "$AGGBOOTSTRAP" rotate --ca \
        --spec "$OPERATOR/cluster.json" --yes "$@" <<'P' &
import signal, subprocess, sys
log, pid, command = sys.argv[1], sys.argv[2], sys.argv[3:]
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT)
open(pid, "w").write(str(child.pid))
status = child.wait()
sys.exit(128 - status if status < 0 else status)
P
    ROTATION=$!
}

log_has() { grep -q "$1" "$LAB/rotation.log"; }
stop_rotation() { STOPPED=$SECONDS; kill "-$1" "$(<"$LAB/rotation.pid")"; }

# end_rotation STATUS: it ends within a few seconds of the signal, with that status.
end_rotation() {
    local status=0
    LAST_COMMAND="rotate --ca, asked to stop"
    wait "$ROTATION" || status=$?
    LAST=$(<"$LAB/rotation.log")
    [ "$status" = "$1" ] || fail "exit $1, but it was $status"
    [ $((SECONDS - STOPPED)) -le 8 ] || fail "it ended soon, but it took $((SECONDS - STOPPED)) s"
}
