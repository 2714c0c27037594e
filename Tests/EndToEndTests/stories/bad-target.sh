# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A target that is a symlink, read-only or on a full disk: exit 1, a clear error, the node as it was.
story() {
    cluster_up
    refused "a symlink in place of a file" "aggregator.pem" "ln -s /etc/passwd $NODE_CERTIFICATES/aggregator.pem" \
        "rm $NODE_CERTIFICATES/aggregator.pem"
    refused "a directory in place of a file" "aggregator-key.pem" "mkdir $NODE_CERTIFICATES/aggregator-key.pem" \
        "rmdir $NODE_CERTIFICATES/aggregator-key.pem"
    refused "a symlink in place of the directory" "$NODE_CERTIFICATES" \
        "mv $NODE_CERTIFICATES /etc/kubernetes/real && ln -s real $NODE_CERTIFICATES" \
        "rm $NODE_CERTIFICATES && mv /etc/kubernetes/real $NODE_CERTIFICATES"
    given_up "a read-only directory" "Read-only file system" \
        "mount --bind $NODE_CERTIFICATES $NODE_CERTIFICATES && mount -o remount,ro,bind $NODE_CERTIFICATES" \
        "umount $NODE_CERTIFICATES"
    given_up "read-only units" "Read-only file system" \
        "mount --bind /etc/systemd/system /etc/systemd/system && mount -o remount,ro,bind /etc/systemd/system" \
        "umount /etc/systemd/system"
    given_up "a full disk" "No space left on device" \
        "cp -a $NODE_CERTIFICATES /srv/ && mount -t tmpfs -o size=16k none $NODE_CERTIFICATES && cp -a /srv/ssl/. $NODE_CERTIFICATES/" \
        "umount $NODE_CERTIFICATES"
    given_up "a full disk, and an empty one for the copies" "No space left on device" \
        "cp -a $NODE_CERTIFICATES/. /srv/ssl/ && mount -t tmpfs -o size=16k none $NODE_CERTIFICATES && cp -a /srv/ssl/. $NODE_CERTIFICATES/
         mkdir /var/lib/aggbootstrap-node && mount -t tmpfs none /var/lib/aggbootstrap-node" \
        "umount $NODE_CERTIFICATES /var/lib/aggbootstrap-node && rmdir /var/lib/aggbootstrap-node"
    given_up "no room for copies" "No space left on device" \
        "mkdir /var/lib/aggbootstrap-node && mount -t tmpfs -o size=4k,nr_inodes=2 none /var/lib/aggbootstrap-node" \
        "umount /var/lib/aggbootstrap-node && rmdir /var/lib/aggbootstrap-node"

    # And with all of that out of the way it works.
    assert_exit 0 agg init --yes --state /srv/state
    assert_aggregation
}

# refused WHAT TEXT BREAK MEND: seen before anything is touched.
refused() {
    node_exec sh -c "$3"
    remember
    assert_exit 1 agg init --yes --state /srv/state
    assert_contains "$2" "aggbootstrap: error: "
    assert_unchanged
    node_exec sh -c "$4"
    echo "refused: $1"
}

# given_up WHAT TEXT BREAK MEND: seen while staging, so what was staged is taken away again.
given_up() {
    node_exec sh -c "$3"
    remember
    assert_exit 1 agg init --yes --state /srv/state
    assert_contains "$2" "aggbootstrap: error: "
    assert_lacks "could not be restored"
    assert_restored
    node_exec sh -c "$4"
    echo "given up: $1"
}
