# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A kube-scheduler that reads the same CA file is waited for; one that cannot reload it is named with its port, and nothing is dropped.
story() {
    local program=${KUBE_SCHEDULER_POLL1S:-$LAB_CACHE/kube-scheduler-v1.20.2-poll1s} old new pid
    [ -x "$program" ] || skip "there is no $program: lab/build-kube-apiserver.sh makes it"
    ROTATION_NODES=2
    NODE_PROGRAMS=("kube-scheduler=$program")
    rotation_up 30
    # It listens at the node's own loopback, as kubeadm has it; the one on node 2 does not serve.
    NODE=1 scheduler_up --bind-address=0.0.0.0 --secure-port 1 --bind-address=127.0.0.1 --secure-port=10259
    NODE=2 scheduler_up --secure-port=0
    NODE=1 wait_for 60 scheduler_trusts
    old=$(NODE=1 aggregation_ca)

    assert_exit 0 rotate_ca
    new=$(NODE=1 aggregation_ca)
    pid=$(NODE=1 scheduler_pid)
    assert_contains "S2 trust: cp1: kube-scheduler (process $pid, 127.0.0.1:10259) has loaded both" \
        "S6 drop: cp1: kube-scheduler (process $pid, 127.0.0.1:10259) does not trust $old any more" \
        "cp2: kube-scheduler (process $(NODE=2 scheduler_pid)) cannot be checked: it does not listen"
    [ "$new" != "$old" ] || fail "the CA is another one than before"
    assert_eq "what the scheduler trusts" "$(printf '%s\n' "CN=kubernetes" "$new" | sort)" "$(NODE=1 scheduler_cas)"
    assert_replaced

    # It has a directory of its own at the same path, and never sees the new bundle.
    on_each 2 keep_front_proxy old
    NODE=1 freeze_scheduler
    assert_exit 4 rotate_ca
    pid=$(NODE=1 scheduler_pid)
    assert_contains "rotation/not-loaded" "cp1: kube-scheduler (process $pid, 127.0.0.1:10259) has not loaded CN=" \
        "S2 trust: cp1: waiting for kube-scheduler (process $pid, 127.0.0.1:10259)" "restart it"
    assert_lacks "S4 leaves:" "S6 drop:"
    on_each 2 trusts_both || fail "both CAs are trusted on both nodes"
    for NODE in 1 2; do
        handshake_cas | grep -qxF "$new" || fail "the API server of node $NODE still trusts $new"
    done
    load_goes_on 60
    assert_no_failure

    # Passed by, as it is about to be restarted.
    assert_exit 0 rotate_ca --accept-laggard cp1/kube-scheduler
    assert_contains "cp1: skipped (--accept-laggard): kube-scheduler (process $pid, 127.0.0.1:10259) has not loaded"
    NODE=1 thaw_scheduler
    assert_eq "what the scheduler trusts" "$(printf '%s\n' "CN=kubernetes" "$(NODE=1 aggregation_ca)" | sort)" \
        "$(NODE=1 scheduler_cas)"
    [ "$(NODE=1 aggregation_ca)" != "$new" ] || fail "the CA is another one than before"
    assert_replaced

    # In an emergency it is not waited for until the API servers have dropped the old CA.
    on_each 2 keep_front_proxy old
    NODE=1 freeze_scheduler
    old=$(NODE=1 aggregation_ca)
    assert_exit 4 op rotate --compromised leaf --yes "${ROTATION_WAITS[@]}"
    pid=$(NODE=1 scheduler_pid)
    assert_contains "(process $pid, 127.0.0.1:10259) has not loaded CN=" "Not waited for" "S4 leaves:" \
        "rotation/not-loaded" "(process $pid, 127.0.0.1:10259) still trusts $old"
    NODE=1 thaw_scheduler
    assert_exit 0 rotate_ca
    assert_contains "does not trust $old any more"
    assert_replaced
    load_down
}

# scheduler_up FLAG...: a kube-scheduler on the node, which asks for client certificates of both CAs.
scheduler_up() {
    local directory=/etc/kubernetes/scheduler
    node_file 644 $directory/admin.pem <"$PKI/admin.pem"
    node_file 600 $directory/admin-key.pem <"$PKI/admin-key.pem"
    node_file 600 $directory/kubeconfig <<K
{"apiVersion":"v1","kind":"Config","current-context":"lab","contexts":[{"name":"lab","context":{"cluster":"lab","user":"admin"}}],
 "clusters":[{"name":"lab","cluster":{"server":"https://$(lab_address):6443","certificate-authority":"$NODE_CERTIFICATES/ca.pem"}}],
 "users":[{"name":"admin","user":{"client-certificate":"$directory/admin.pem","client-key":"$directory/admin-key.pem"}}]}
K
    node_file 644 /etc/systemd/system/kube-scheduler.service <<U
[Service]
ExecStart=/usr/local/bin/kube-scheduler --kubeconfig=$directory/kubeconfig --authentication-kubeconfig=$directory/kubeconfig \\
  --authorization-kubeconfig=$directory/kubeconfig --client-ca-file=$NODE_CERTIFICATES/ca.pem --port=0 \\
  --requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem $*
U
    node_exec systemctl daemon-reload
    node_exec systemctl start kube-scheduler
}

scheduler_pid() { node_exec systemctl show -P MainPID kube-scheduler; }

# The subjects of the CAs whose client certificates it asks for, seen from its node.
scheduler_cas() {
    ip netns exec "$(lab_namespace "n$NODE")" openssl s_client -nameopt RFC2253 -connect 127.0.0.1:10259 \
        </dev/null 2>/dev/null | named_cas | sort
}

scheduler_trusts() { scheduler_cas | grep -qxF "$(aggregation_ca)"; }

aggregation_ca() { subject "$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem"; }

# A mount over the file alone would not do: the kernel takes it away when another file is renamed to that path.
freeze_scheduler() {
    node_exec cp -r "$NODE_CERTIFICATES" /etc/kubernetes/frozen
    node_file 644 /etc/systemd/system/kube-scheduler.service.d/frozen.conf <<U
[Service]
BindReadOnlyPaths=/etc/kubernetes/frozen:$NODE_CERTIFICATES
U
    restart_scheduler
}

thaw_scheduler() {
    node_exec rm -r /etc/systemd/system/kube-scheduler.service.d /etc/kubernetes/frozen
    restart_scheduler
}

restart_scheduler() {
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-scheduler
    wait_for 60 scheduler_trusts
}
