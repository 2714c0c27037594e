# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The operator's place beside the nodes: a key that the nodes take, their host keys, and a spec that reaches them over
# ssh. Sourced after cluster.sh.

SSH_USER=root
SSH_MEMBERS=""    # more members of each node's ssh object, each with a comma behind
SPEC_MEMBERS=""   # more members of the spec's top object
spec_address() { lab_address "$1"; }   # what the spec has as a node's address
KUBECTL_OLD=$LAB_CACHE/kubernetes-client/usr/bin/kubectl

# use_kubectl FILE: what `kubectl` is at the operator's place.
use_kubectl() {
    [ "$(basename "$1")" = kubectl ] && [ -x "$1" ] || { echo "error: $1 is no program named kubectl" >&2; exit 1; }
    KUBECTL=$1
    OPERATOR_PATH=$(dirname "$(realpath -s "$1")"):/usr/sbin:/usr/bin:/sbin:/bin
}

# A story that calls it has a kubectl of 1.20; all others one of today where scripts/fetch-kubectl.sh could get it.
use_old_kubectl() { use_kubectl "$KUBECTL_OLD"; }

kubectl_version() { "$1" version --client -o json 2>/dev/null | sed -n 's/.*"gitVersion": "v\(.*\)".*/\1/p'; }

newest_kubectl() { find "$LAB_CACHE"/kubectl-*/kubectl 2>/dev/null | sort -V | tail -1; }

[ -n "${KUBECTL:-}" ] || KUBECTL=$(newest_kubectl)
use_kubectl "${KUBECTL:-$KUBECTL_OLD}"

# operator_up N: lets the operator in on nodes 1 to N.
operator_up() {
    local node
    OPERATOR=$LAB/operator
    mkdir -p "$OPERATOR"
    ssh-keygen -q -t ed25519 -N '' -f "$OPERATOR/id"
    : >"$OPERATOR/known_hosts"
    for node in $(seq "$1"); do NODE=$node operator_admit; done
    cat >"$OPERATOR/ssh_config" <<C
IdentityFile $OPERATOR/id
IdentitiesOnly yes
UserKnownHostsFile $OPERATOR/known_hosts
GlobalKnownHostsFile /dev/null
C
    ssh_spec "$1" >"$OPERATOR/cluster.json"
}

# A host key of the node's own, and the operator's key for each user.
operator_admit() {
    local root home
    root=$(node_root)
    rm -f "$root"/etc/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/ssh_host_ed25519_key"
    echo "$(spec_address "$NODE") $(cut -d' ' -f1,2 "$root/etc/ssh/ssh_host_ed25519_key.pub")" >>"$OPERATOR/known_hosts"
    for home in root home/alice; do
        install -d -m700 "$root/$home/.ssh"
        install -m600 "$OPERATOR/id.pub" "$root/$home/.ssh/authorized_keys"
    done
    node_exec chown -R alice:alice /home/alice
    # sudo looks the machine's own name up.
    echo "127.0.1.1 $(node_exec hostname)" >>"$root/etc/hosts"
    node_exec systemctl restart ssh
}

# ssh_spec N [MEMBER,...]: N control planes over ssh.
ssh_spec() {
    local node members=${2:-$SPEC_MEMBERS}
    printf '{ "apiVersion": "aggbootstrap/v1", "cluster": "lab", "stateDirectory": "%s", %s "nodes": [\n' \
        "$OPERATOR/state" "${members:+$members,}"
    for node in $(seq "$1"); do
        printf '  { "name": "cp%d", "address": "%s", "ssh": { "user": "%s", %s "configFile": "%s" } }%s\n' \
            "$node" "$(spec_address "$node")" "$SSH_USER" "$SSH_MEMBERS" "$OPERATOR/ssh_config" \
            "$([ "$node" = "$1" ] || echo ,)"
    done
    echo ']}'
}

# op COMMAND ARG...: aggbootstrap at the operator's place.
op() {
    local command=$1
    shift
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" "$AGGBOOTSTRAP" "$command" \
        --spec "$OPERATOR/cluster.json" "$@" </dev/null
}

# op_adopt N ARG...: aggbootstrap spec adopt of nodes 1 to N, at the operator's place.
op_adopt() {
    local node targets=()
    for node in $(seq "$1"); do targets+=(--ssh "$SSH_USER@$(spec_address "$node")"); done
    shift
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" "$AGGBOOTSTRAP" spec adopt "${targets[@]}" \
        --ssh-config "$OPERATOR/ssh_config" --kubeconfig "$LAB/kubeconfig" --state "$OPERATOR/state" "$@" </dev/null
}

# on_each N CMD...: runs a function or command for each node.
on_each() {
    local count=$1 node
    shift
    for node in $(seq "$count"); do NODE=$node "$@" || return; done
}

# remember_unit / assert_unit: the API server's process, its command line, and the files of its unit are as they were.
unit_things() {
    start_timestamp
    running_flags
    node_exec find /etc/systemd/system /etc/kubernetes -maxdepth 2 -type f -path '*apiserver*' -exec sha256sum {} +
}
remember_unit() { unit_things >"$LAB/unit$NODE"; }
assert_unit() { assert_eq "unit and process of node $NODE" "$(<"$LAB/unit$NODE")" "$(unit_things)"; }

remember_each() {
    local node
    for node in $(seq "$1"); do
        NODE=$node tree_contents >"$LAB/contents$node"
        NODE=$node start_timestamp >"$LAB/started$node"
    done
}

# The node's files and its API server's process are as they were.
assert_node_untouched() {
    diff "$LAB/contents$NODE" <(tree_contents) || fail "nothing changed on node $NODE"
    assert_eq "the start of node $NODE's API server" "$(<"$LAB/started$NODE")" "$(start_timestamp)"
}

# from_operator NODE -I|-D ARG...: a rule of the node's firewall for what comes from the operator.
from_operator() {
    local node=$1 way=$2 program=iptables address=$LAB_SUBNET.1
    shift 2
    [ "$LAB_FAMILIES" != 6 ] || program=ip6tables address=$LAB_SUBNET6:1
    ip netns exec "$(lab_namespace "n$node")" $program "$way" INPUT -s "$address" "$@"
}

# cut_link NODE / mend_link NODE: what passes between the operator and the node is dropped without a word.
cut_link() { from_operator "$1" -I -j DROP; }
mend_link() { from_operator "$1" -D -j DROP; }

# block_port NODE PORT / open_port NODE PORT: the operator reaches that port of the node no more; it is refused.
block_port() { from_operator "$1" -I -p tcp --dport "$2" -j REJECT --reject-with tcp-reset; }
open_port() { from_operator "$1" -D -p tcp --dport "$2" -j REJECT --reject-with tcp-reset; }

# slow_sync SECONDS: each sync(1) on the node takes that much longer, so that there is time to do something to a run.
slow_sync() {
    printf '#!/bin/sh\nsleep %s\nexec /usr/bin/sync "$@"\n' "$1" | node_file 755 /usr/local/bin/sync
}
quick_sync() { node_exec rm -f /usr/local/bin/sync; }

# wait_for SECONDS CMD...: until CMD is true.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "in time: $*"
        sleep .05
    done
}

# The node's lock is free, and no run's process is left on the node.
node_is_let_go() {
    node_exec sh -c '[ ! -e /run/aggbootstrap-node/lock ] || flock -n /run/aggbootstrap-node/lock true'
}

# How often the node's sshd let somebody in while a command ran.
connections_of() {
    local before
    before=$(accepted)
    "$@" >/dev/null 2>&1
    echo $(($(accepted) - before))
}

accepted() { node_exec journalctl -u ssh --no-pager -o cat | grep -c '^Accepted publickey' || true; }
