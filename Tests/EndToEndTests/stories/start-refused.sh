# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver exits with the change: every file is put back, it serves again, and its last journal lines are shown.
story() {
    # The change is valid for systemd; but the process cannot see the key that the change makes it read.
    # (Behind a specifier, which a plan does not expand: it would be refused otherwise.)
    UNIT_SERVICE=("InaccessiblePaths=-%E${NODE_CERTIFICATES#/etc}/aggregator-key.pem" "RestartSec=200ms")
    cluster_up
    tree_contents >"$LAB/contents"
    assert_exit 1 agg init --yes
    assert_last_words
    diff "$LAB/contents" <(tree_contents) || fail "everything is as it was"
    kube_ready
    assert_eq "the unit's state" active "$(node_exec systemctl is-active kube-apiserver)"
    assert_eq "flags that are left" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
    assert_eq "NeedDaemonReload" no "$(node_exec systemctl show -P NeedDaemonReload kube-apiserver)"

    # The cause is gone: the next init does it, with the CA that was issued the first time.
    UNIT_SERVICE=()
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_eq "CA generations" 1 "$(node_exec ls /var/lib/aggbootstrap/lab/ca | wc -l)"
}

# What that kube-apiserver wrote last is in what was written: other versions have other words.
assert_last_words() {
    local line pid
    line=$(grep -E ' kube-apiserver\[[0-9]+\]: ' <<<"$LAST" | tail -1)
    [[ $line =~ kube-apiserver\[([0-9]+)\]:\ (.*) ]] || fail "a line of kube-apiserver's is in what was written"
    pid=${BASH_REMATCH[1]}
    assert_eq "the last line of the process $pid" \
        "$(node_exec journalctl "_PID=$pid" -u kube-apiserver -o cat --no-pager | tail -1)" "${BASH_REMATCH[2]}"
    [[ ${BASH_REMATCH[2]} == *cert* ]] || fail "it is about the certificate: $line"
    node_exec test ! -e "/proc/$pid" || fail "the process $pid has ended"
}
