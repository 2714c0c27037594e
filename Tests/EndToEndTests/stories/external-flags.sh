# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A kube-apiserver that something else runs, without the layer: init installs the files, prints the flags and restarts
# nothing; once they are added, it proves the layer. What the process would not see is refused.
story() {
    local flags started
    use_fast_poll
    cluster_up
    spec '"apiServer": { "managedBy": "external" }' | node_file 644 /root/cluster.json
    started=$(start_timestamp)

    assert_exit 4 agg init --yes
    assert_contains "3 files written" "--requestheader-client-ca-file=$NODE_CERTIFICATES/aggregator-ca.pem" "run init again"
    assert_eq "the start of the API server" "$started" "$(start_timestamp)"
    assert_eq "drop-ins" "" "$(node_exec ls /etc/systemd/system/kube-apiserver.service.d 2>/dev/null)"
    assert_exit 4 agg verify
    assert_exit 0 agg plan --detailed-exitcode
    assert_exit 4 agg init --yes
    assert_contains "nothing to change" "run init again"

    # What it printed, as it is.
    mapfile -t API_FLAGS < <(sed -n 's/^ *\(--[a-z-]*=[^ ]*\)$/\1/p' <<<"$LAST" | sort -u)
    assert_eq "flags that are printed" 7 ${#API_FLAGS[@]}
    restart_by_hand
    assert_exit 0 agg init --yes --require-proof
    assert_contains "nothing to change" "proofs on cp1:"
    assert_exit 0 agg verify
    assert_exit 0 agg rotate --yes

    # A file that is mounted by itself is not seen when it is replaced.
    UNIT_SERVICE=("TemporaryFileSystem=/etc/kubernetes:ro"
        "BindReadOnlyPaths=$(for file in ca.pem kubernetes.pem kubernetes-key.pem sa-key.pem aggregator-ca.pem aggregator.pem \
            aggregator-key.pem; do printf '%s ' "$NODE_CERTIFICATES/$file"; done)")
    restart_by_hand
    remember
    assert_exit 1 agg rotate --yes
    assert_contains "plan/hidden-file" "aggregator.pem" "mount the directory"
    assert_unchanged
    # The whole directory is.
    UNIT_SERVICE=("TemporaryFileSystem=/etc/kubernetes:ro" "BindReadOnlyPaths=$NODE_CERTIFICATES")
    restart_by_hand
    assert_exit 0 agg rotate --yes
    # Another directory at that path is not the node's.
    node_exec cp -a $NODE_CERTIFICATES /srv/other
    UNIT_SERVICE=("BindReadOnlyPaths=/srv/other:$NODE_CERTIFICATES")
    restart_by_hand
    assert_exit 1 agg rotate --yes
    assert_contains "plan/hidden-file" "another file"

    # Two of them, and none.
    node_exec systemd-run -q --unit=second -- /usr/local/bin/kube-apiserver --etcd-servers=http://192.0.2.1:2379 \
        --secure-port=7443 --cert-dir=/tmp/second --service-cluster-ip-range=10.255.0.0/16 \
        --service-account-key-file=$NODE_CERTIFICATES/sa-key.pem --service-account-issuer=https://second \
        --service-account-signing-key-file=$NODE_CERTIFICATES/sa-key.pem
    wait_for 10 node_exec grep -q 7443 /proc/"$(node_exec systemctl show -P MainPID second)"/cmdline
    assert_exit 1 agg plan
    assert_contains "process/several" "port 6443" "port 7443"
    node_exec systemctl stop second kube-apiserver
    assert_exit 0 agg plan
    assert_contains "no kube-apiserver runs"
}

restart_by_hand() {
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    node_exec systemctl daemon-reload
    node_exec systemctl restart kube-apiserver
    kube_ready
}
