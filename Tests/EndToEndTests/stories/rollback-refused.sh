# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A roll-back with which the API server does not come back is put back; what would take more along than ours is refused.
story() {
    local unit=/etc/systemd/system/kube-apiserver.service copies=/var/lib/aggbootstrap-node/kube-apiserver.service
    API_COMMAND=/usr/local/sbin/kube-apiserver
    before_start() { wrapper true; }
    cluster_up
    tree_contents >"$LAB/bare"
    assert_exit 0 agg init --yes
    tree_contents >"$LAB/contents"

    wrapper 'exit 1'
    assert_exit 1 agg rollback --yes
    assert_contains "restoring the old files" "every file is as it was" "is ready again" "[apiserver/did-not-come-back]"
    diff "$LAB/contents" <(tree_contents) || fail "everything is as it was"
    assert_aggregation
    # So does one that is ended in the middle of putting back.
    kill_at "rename 1 $unit.d/.zz-aggregation.conf.aggbootstrap-tmp"
    wait_for 60 settled
    assert_exit 1 agg rollback --yes
    diff "$LAB/contents" <(tree_contents) || fail "everything is as it was"
    assert_aggregation
    wrapper true

    # A setting that nobody has loaded yet, and an edit that our drop-in has kept from having an effect.
    node_exec sh -c "cp -a $unit /root/unit; sed -i 's/--allow-privileged=true/--allow-privileged=false/' $unit"
    remember
    assert_exit 1 agg rollback --yes
    assert_contains "[plan/pending-changes]"
    node_exec systemctl daemon-reload
    assert_exit 1 agg rollback --yes
    assert_contains "[plan/pending-changes]" "gets --allow-privileged=false"
    assert_unchanged
    node_exec sh -c "cp -a /root/unit $unit; systemctl daemon-reload"

    # An init that was interrupted comes first.
    spec '"apiServer": { "aggregatorRouting": true }' | node_file 644 /root/cluster.json
    kill_at "rename 1 $unit.d/.zz-aggregation.conf.aggbootstrap-tmp" init
    assert_exit 1 agg rollback --yes
    assert_contains "[rollback/interrupted-change]" "run init first"
    assert_exit 0 agg init --yes
    assert_exit 0 agg rollback --yes
    assert_killed 2
    assert_eq "the flag of the last change" "" "$(running_flags | grep routing || true)"
}

# wrapper COMMAND: what kube-apiserver does first where it is given no proxy certificate.
wrapper() {
    # shellcheck disable=SC2016  # it expands on the node
    printf '#!/bin/sh\ncase "$*" in *--proxy-client-cert-file=*) ;; *) %s;; esac\nexec /usr/local/bin/kube-apiserver "$@"\n' \
        "$1" | node_file 755 "$API_COMMAND"
}

# kill_at POINT [COMMAND]
kill_at() {
    kill_run "$1" aggbootstrap "${2:-rollback}" --yes --spec /root/cluster.json || fail "it was ended at: $1"
}

# systemd has given up on the command that does not start, or another one serves.
settled() { [ "$(node_exec systemctl is-failed kube-apiserver || true)" = failed ] || [ "$(api /readyz)" = ok ]; }
