# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ways to a node: sudo, a login shell that prints, a jump host, an API server only the node reaches; a wrong host key.
story() {
    local key
    SSH_USER=alice
    SSH_MEMBERS='"sudo": true,'
    cluster_up 2
    operator_up 2
    # shellcheck disable=SC2016
    on_each 2 node_exec sh -c 'printf "%s\n" "echo Welcome to $(hostname)" "echo noise >&2" >/home/alice/.bashrc'
    # Node 2 lets nobody in but node 1, where the operator's key must be, and its API server is not seen from outside.
    block_port 2 22
    block_port 2 6443
    cat >>"$OPERATOR/ssh_config" <<C
Host $(lab_address 2)
    ProxyJump root@$(lab_address 1)
C
    remember_each 2
    assert_exit 0 op plan
    assert_lacks Welcome
    on_each 2 assert_node_untouched

    # Another key than the known one, or than the pinned one: before anything is done, on any node.
    cp "$OPERATOR/known_hosts" "$LAB/known_hosts"
    sed -i "1s/.*/$(lab_address 1) $(cut -d' ' -f1,2 "$OPERATOR/id.pub" | sed 's,/,\\/,g')/" "$OPERATOR/known_hosts"
    assert_exit 1 op init --yes
    assert_contains "[node/host-key]" "cp1"
    on_each 2 assert_node_untouched
    cp "$LAB/known_hosts" "$OPERATOR/known_hosts"
    key=$(cut -d' ' -f1,2 "$OPERATOR/id.pub")
    SSH_MEMBERS='"sudo": true, "hostKey": "'$key'",' ssh_spec 2 >"$OPERATOR/cluster.json"
    assert_exit 1 op init --yes
    assert_contains "[node/host-key]" "ssh.hostKey"
    on_each 2 assert_node_untouched

    ssh_spec 2 >"$OPERATOR/cluster.json"
    assert_exit 0 op init --yes
    assert_written 8 2
    assert_lacks Welcome noise
    NODE=1 assert_aggregation
    NODE=2 assert_pair root:root
    assert_exit 0 op init --yes
    assert_written 0 0

    # Without the right to become root.
    NODE=1 node_exec rm /etc/sudoers.d/alice
    assert_exit 1 op init --yes
    assert_contains "[node/login]" "sudo"
}
