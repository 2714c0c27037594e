# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kill -9 at 10 points of an init that renews the pair and changes a flag: the next init heals every one.
story() {
    local point size=256 routing=false unit=/etc/systemd/system/kube-apiserver.service
    local copies=/var/lib/aggbootstrap-node/kube-apiserver.service
    cluster_up
    slow_reload
    assert_exit 0 agg init --yes
    # The copies, staging, each of the three renames, what makes them durable, what systemd does, and the end.
    for point in "rename 1 $copies/transaction.unfinished" \
        "fsync 1 $NODE_CERTIFICATES/.aggregator-key.pem.aggbootstrap-tmp" \
        "rename 1 $NODE_CERTIFICATES/.aggregator-key.pem.aggbootstrap-tmp" \
        "rename 1 $NODE_CERTIFICATES/.aggregator.pem.aggbootstrap-tmp" \
        "rename 1 $unit.d/.zz-aggregation.conf.aggbootstrap-tmp" \
        "fsync 1 $unit.d" \
        "when reloads" "when stops" "when starts" \
        "rename 1 $copies/transaction"; do
        [ $size = 256 ] && size=384 routing=true || size=256 routing=false
        spec '"certificates": { "proxyClient": { "key": { "algorithm": "ecdsa", "size": '$size' } } },
            "apiServer": { "aggregatorRouting": '$routing' }' | node_file 644 /root/cluster.json
        kill_and_heal "$point"
        assert_eq "the size of the node's key" $size "$(openssl pkey -text -noout -in \
            "$(node_root)$NODE_CERTIFICATES/aggregator-key.pem" | sed -nE 's/.*\(([0-9]+) bit.*/\1/p')"
    done
    assert_killed 10
}
