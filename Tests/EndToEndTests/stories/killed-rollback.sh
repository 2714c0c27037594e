# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kube-apiserver refuses the change, and init is ended while it puts everything back: the next init ends what was begun.
story() {
    local point
    API_COMMAND=/usr/local/sbin/kube-apiserver
    before_start() { wrapper 'exit 1'; }
    cluster_up
    tree_contents >"$LAB/contents"
    slow_reload
    # Files are removed, systemd reads them again, the old command starts, the copies go.
    for point in "unlink 1 $NODE_CERTIFICATES/aggregator-key.pem" \
        "unlink 1 /etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf" \
        "when reloads_back" "when starts_back" \
        "rename 1 /var/lib/aggbootstrap-node/kube-apiserver.service/transaction"; do
        kill_run "$point" aggbootstrap init --yes --spec /root/cluster.json || fail "init was ended at $point"
        assert_contains "restoring the old files"
        settle
        # It is tried again, refused again, and this time put back to the end.
        assert_exit 1 agg init --yes
        assert_contains "is ready again"
        diff "$LAB/contents" <(tree_contents) || fail "everything is as it was after: $point"
        kube_ready
        assert_eq "flags that are left" "" "$(running_flags | grep -E 'requestheader|proxy-client' || true)"
        echo "put back: $point"
    done
    assert_killed 5

    wrapper true
    assert_exit 0 agg init --yes
    assert_aggregation
    assert_converged
}

# wrapper COMMAND: what kube-apiserver does first where it is given a proxy certificate.
wrapper() {
    # shellcheck disable=SC2016  # it expands on the node
    printf '#!/bin/sh\ncase "$*" in *--proxy-client-cert-file=*) %s;; esac\nexec /usr/local/bin/kube-apiserver "$@"\n' "$1" |
        node_file 755 "$API_COMMAND"
}

# Waits until systemd has given up on the new command, or the old one serves.
settle() {
    for _ in $(seq 600); do
        [ "$(node_exec systemctl is-failed kube-apiserver || true)" = failed ] && return
        [ "$(api /readyz 2>/dev/null)" = ok ] && return
        sleep .1
    done
    fail "the API server's unit settles"
}

# Moments at which the drop-in is away again.
reloads_back() { is_back && reloads; }
starts_back() { is_back && starts && [[ $(running_flags 2>/dev/null) == *kube-apiserver* ]] && ! running_flags | grep -q proxy-client; }
is_back() { grep -q "restoring the old files" "$LAB/run" && [ ! -e "$(node_root)/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf" ]; }
