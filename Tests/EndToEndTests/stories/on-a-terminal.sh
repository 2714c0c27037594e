# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A rollout on a terminal: a row for each node; ^C lets the change of the current node finish, and begins no other one.
story() {
    cluster_up 3
    operator_up 3
    # Asked on the terminal itself, with a terminal of fewer rows than nodes and one that is narrow.
    assert_exit 3 on_terminal 70 3 "service restarted" init --yes
    assert_contains $'\e[2A' "restarting kube-apiserver.service" "^C" "aggbootstrap: stopping: the node in progress"
    assert_row "ok   cp1 +[0-9]+ s  has the change: 4 files written, restarted"
    assert_row "--   cp2 +is as it was; its change was not started"
    assert_row "--   cp3 +is as it was; its change was not started"
    assert_contains "[apply/stopped]"
    NODE=1 assert_aggregation
    on_each 3 assert_nothing_left

    assert_exit 0 on_terminal 120 24 "" init --yes
    assert_row "ok   cp2 +[0-9]+ s  has the change: 4 files written, restarted"
    assert_row "ok   cp3 +[0-9]+ s  has the change: 4 files written, restarted"
    assert_lacks "?25l" "cp1: "
    on_each 3 assert_aggregation
}

# on_terminal COLUMNS ROWS ^C-AFTER COMMAND ARG...: as op, on a terminal.
on_terminal() {
    local columns=$1 rows=$2 after=$3 command=$4
    shift 4
    outside env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$OPERATOR" TERM=xterm NO_COLOR=1 \
        python3 "$HERE/lab/terminal.py" "$columns" "$rows" "$after" "$AGGBOOTSTRAP" "$command" \
        --spec "$OPERATOR/cluster.json" "$@" </dev/null
}

# The row that is left of a node.
assert_row() { grep -qE -- "$1" <<<"$LAST" || fail "there is a row like '$1'"; }
