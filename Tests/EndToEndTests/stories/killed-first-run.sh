# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kill -9 at 10 or more points of the first init on a bare cluster: the next init heals every one.
story() {
    local point
    cluster_up
    slow_reload
    # The lock, the state's directories, the cluster's name, the CA, the leaf, the copies, two of the node's files, systemd
    # reads its units. Which thread renames how much differs from run to run, so one or two may not be reached.
    for point in "ftruncate 1" "rename 1" "rename 2" "rename 3" "rename 4" "rename 5" "rename 6" "rename 8" "rename 10" \
        "rename 1 $NODE_CERTIFICATES/.aggregator-key.pem.aggbootstrap-tmp" \
        "rename 1 /etc/systemd/system/kube-apiserver.service.d/.zz-aggregation.conf.aggbootstrap-tmp" "when reloads"; do
        kill_and_heal "$point"
        [ "$point" = "when reloads" ] || make_bare
    done
    assert_killed 10
}

make_bare() {
    node_exec systemctl stop kube-apiserver
    node_exec sh -c "rm -rf /var/lib/aggbootstrap* $NODE_CERTIFICATES/aggregator* /etc/systemd/system/kube-apiserver.service.d"
    node_exec systemctl daemon-reload
    node_exec systemctl start kube-apiserver
    kube_ready
}
