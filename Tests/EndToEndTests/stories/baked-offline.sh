# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Files are made offline by an ordinary user and put on the node; init with the same state keeps the CA and activates.
story() {
    local tree state=/home/alice/state
    cluster_up
    node_exec cp /root/cluster.json /etc/systemd/system/kube-apiserver.service /home/alice/
    assert_exit 0 as_alice aggbootstrap init --spec cluster.json --root out --base-unit kube-apiserver.service --state $state
    assert_exit 0 as_alice aggbootstrap init --spec cluster.json --root out --base-unit kube-apiserver.service --state $state
    assert_written 0 0
    tree=$(node_root)/home/alice/out/cp1
    assert_eq "the key's mode" 600 "$(stat -c %a "$tree$NODE_CERTIFICATES/aggregator-key.pem")"
    cp "$tree$NODE_CERTIFICATES/aggregator-ca.pem" "$PKI/baked-ca.pem"

    node_exec sh -c 'cp -r --preserve=mode,timestamps /home/alice/out/cp1/. / && cp -r --preserve=mode,timestamps /home/alice/state /root/'
    # The node's own unit is the one that was baked for, so only systemd and the API server must learn of it.
    assert_exit 0 agg init --yes --state /root/state
    assert_written 0 1
    assert_aggregation
    cmp "$PKI/baked-ca.pem" "$(node_root)$NODE_CERTIFICATES/aggregator-ca.pem"
    assert_exit 0 agg init --yes --state /root/state
    assert_written 0 0
}

as_alice() {
    node_exec setpriv --reuid=alice --regid=alice --init-groups env --chdir=/home/alice HOME=/home/alice "$@"
}
