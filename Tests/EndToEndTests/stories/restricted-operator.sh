# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# An operator who is root nowhere: sudo for a shell alone on the nodes, and a kubeconfig with the rights of examples/operator-rbac.yml; init, canary, rotations.
story() {
    local page="$HERE/../../docs/how-to/restricted-operator.md" node
    use_fast_poll
    use_extensions
    cluster_up $ROTATION_NODES
    kubeconfig $ROTATION_NODES
    SSH_USER=alice
    SSH_MEMBERS='"sudo": true,'
    SPEC_MEMBERS='"apiServer": { "aggregatorRouting": true, "kubeconfig": "/mnt/kubeconfig" }'
    operator_up $ROTATION_NODES
    restricted_place
    on_each $ROTATION_NODES restricted_node

    # Without the right to run a shell through sudo.
    remember_each $ROTATION_NODES
    assert_exit 1 op plan
    assert_contains "[node/login]" "sudo:"
    for node in $(seq $ROTATION_NODES); do
        sed -n 's/^ops \(ALL=.*NOPASSWD.*\)/alice \1/p' "$page" | NODE=$node node_file 440 /etc/sudoers.d/alice
    done
    assert_contains_sudo_of_the_page
    assert_exit 0 op init --yes
    on_each $ROTATION_NODES assert_aggregation
    [ -f "$OPERATOR/state/ledger.jsonl" ] || fail "the state is the operator's"
    assert_eq "files of the state that are root's" "" "$(find "$OPERATOR/state" -user root)"

    # Without rights in the cluster, then with those of the file, and with no more than these.
    assert_exit 4 op verify --canary --require-proof
    assert_contains "orbidden"
    kube apply --validate=false -f "$HERE/../../examples/operator-rbac.yml" >/dev/null
    assert_eq "may it read secrets" no "$(restricted_kubectl auth can-i get secrets -A || true)"
    assert_eq "may it make Services elsewhere" no "$(restricted_kubectl auth can-i create services -n default || true)"
    rotation_load
    assert_exit 0 op verify --canary --require-proof
    assert_exit 0 op rotate --yes --reload-wait 3
    assert_lacks "orbidden"
    on_each $ROTATION_NODES keep_front_proxy old
    assert_exit 0 op rotate --ca --yes "${ROTATION_WAITS[@]}"
    assert_contains "done: the CA is replaced"
    assert_lacks "orbidden" "so it is deleted"
    assert_replaced
    assert_exit 0 op status
    load_down
}

# The page's line is the one that is in effect: a shell, and nothing else.
assert_contains_sudo_of_the_page() {
    assert_exit 0 node_exec setpriv --reuid=alice --regid=alice --init-groups sudo -n sh -c true
    assert_exit 1 node_exec setpriv --reuid=alice --regid=alice --init-groups sudo -n cat /etc/shadow
}

# root does not log in over ssh; the operator's key opens a session and forwards, and does nothing else.
restricted_node() {
    local root
    root=$(node_root)
    rm "$root/etc/sudoers.d/alice"
    rm "$root/root/.ssh/authorized_keys"
    echo "PermitRootLogin no" >>"$root/etc/ssh/sshd_config"
    sed -i 's/^/restrict,port-forwarding /' "$root/home/alice/.ssh/authorized_keys"
    node_exec systemctl restart ssh
}

# All that the operator has lies in one directory, which is /mnt for a user without rights on this machine.
restricted_place() {
    mkdir "$OPERATOR/bin" "$OPERATOR/pki"
    cp "$AGGBOOTSTRAP" "$OPERATOR/bin/aggbootstrap"
    cp "$(PATH=$OPERATOR_PATH command -v kubectl)" "$OPERATOR/bin/kubectl"
    make_leaf ca aggbootstrap-operator "/CN=aggbootstrap-operator" "extendedKeyUsage=clientAuth"
    cp "$PKI/ca.pem" "$PKI/aggbootstrap-operator.pem" "$PKI/aggbootstrap-operator-key.pem" "$OPERATOR/pki/"
    sed "s#$PKI/admin#/mnt/pki/aggbootstrap-operator#g; s#$PKI/#/mnt/pki/#g" "$LAB/kubeconfig" >"$OPERATOR/kubeconfig"
    sed -i "s#$OPERATOR/#/mnt/#g" "$OPERATOR/cluster.json" "$OPERATOR/ssh_config"
    chown -R 65534:65534 "$OPERATOR"
}

# as_operator PROGRAM ARG...
as_operator() {
    # shellcheck disable=SC2016
    outside unshare -m bash -c 'mount --bind "$0" /mnt && cd /mnt && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' \
        "$OPERATOR" env -i PATH=/mnt/bin:/usr/bin:/bin HOME=/mnt "$@" </dev/null
}

# As elsewhere, but as that user.
op() {
    local command=$1
    shift
    as_operator aggbootstrap "$command" --spec /mnt/cluster.json "$@"
}

restricted_kubectl() { as_operator kubectl --kubeconfig /mnt/kubeconfig "$@" 2>/dev/null; }
