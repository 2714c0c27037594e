# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The Ansible collection: check mode changes nothing, a failure has code and hint, a run leaves what init would, again nothing.
story() {
    local trust=$NODE_CERTIFICATES/aggregator-ca.pem
    ansible_up || skip "no ansible-core from PyPI"
    before_start() {
        [ "$NODE" = 2 ] || return 0
        # Behind a specifier, which a plan does not expand: it would be refused otherwise.
        UNIT_SERVICE=("InaccessiblePaths=-%E${NODE_CERTIFICATES#/etc}/aggregator-key.pem" "RestartSec=200ms")
        api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
        UNIT_SERVICE=()
        node_exec systemctl daemon-reload
    }
    cluster_up 3
    operator_up 3
    collection_up

    remember_each 3
    assert_exit 0 playbook --check --diff
    assert_recap changed=1 failed=0
    assert_contains "+++ cp3:/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf" \
        "+  --requestheader-client-ca-file=$trust" "cp2: create $NODE_CERTIFICATES/aggregator-key.pem (private key, 0600)" \
        "cp1: restart kube-apiserver"
    assert_lacks "PRIVATE KEY"
    on_each 3 assert_node_untouched
    [ ! -e "$OPERATOR/state" ] || fail "check mode makes no state directory"

    # The second of three does not start with the change.
    assert_exit 2 playbook
    assert_recap changed=0 failed=1
    assert_result "cp2: " "exit status 3: some nodes are new, some old"
    assert_eq "what failed" "3 True apiserver/did-not-come-back True" "$(told rc changed code hint)"
    assert_eq "the results" "changed failed untouched" "$(told_of_nodes)"
    NODE=1 assert_aggregation
    diff "$LAB/contents2" <(NODE=2 tree_contents) || fail "node 2 is as it was"
    NODE=3 assert_node_untouched

    NODE=2 api_unit | NODE=2 node_file 644 /etc/systemd/system/kube-apiserver.service
    NODE=2 node_exec systemctl daemon-reload
    remember_each 3
    # Only the second, as Ansible's own --limit says.
    assert_exit 0 playbook --limit cp2
    assert_recap changed=1 failed=0
    NODE=2 assert_aggregation
    NODE=1 assert_node_untouched
    NODE=3 assert_node_untouched
    assert_exit 0 playbook
    assert_recap changed=1 failed=0
    on_each 3 assert_aggregation

    # What init itself, with a spec of its own, finds as it would leave it.
    remember_each 3
    assert_exit 0 op init --yes
    assert_written 0 0
    assert_exit 0 playbook
    assert_recap changed=0 failed=0
    assert_exit 0 playbook -e aggregation_layer_command=rotate -e aggregation_layer_if_due=true
    assert_recap changed=0 failed=0
    on_each 3 assert_node_untouched
    assert_eq "specs that are left" "" "$(find "$OPERATOR" -name definition.json)"

    # Another spec is a change; the new certificates are loaded without a restart. Another user logs in, and becomes root with sudo.
    ansible_inventory 3 "$(variables '{"certificates": {"proxyClient": {"hosts": ["lab.example.com"]}}}')" \
        "ansible_user=alice" "ansible_become=true" >"$OPERATOR/inventory"
    assert_exit 0 playbook
    assert_recap changed=1 failed=0
    on_each 3 has_host lab.example.com

    NODE=3 node_exec systemctl stop ssh
    assert_exit 2 playbook
    assert_recap changed=0 failed=1
    assert_result "cp3" "hint: "
    assert_eq "what failed" "1 False node/unreachable True" "$(told rc changed code hint)"
    NODE=3 node_exec systemctl start ssh
}

# What a user has: the collection, built and installed, and a playbook with its role.
collection_up() {
    printf '[defaults]\nhost_key_checking=True\nlocalhost_warning=False\ncollections_path=%s\n' "$OPERATOR/collections" >"$OPERATOR/role.cfg"
    at_operator role ansible-galaxy collection build --output-path "$OPERATOR" "$HERE/../../ansible" >"$LAB/galaxy" 2>&1 &&
        at_operator role ansible-galaxy collection install --offline -p "$OPERATOR/collections" "$OPERATOR"/aggbootstrap-kubernetes-*.tar.gz \
            >>"$LAB/galaxy" 2>&1 || fail "the collection is built and installed: $(<"$LAB/galaxy")"
    ansible_inventory 3 "$(variables '{}')" >"$OPERATOR/inventory"
    cat >"$OPERATOR/playbook.yml" <<P
- hosts: control_planes
  gather_facts: false
  tasks:
    - block:
        - include_role: { name: aggbootstrap.kubernetes.aggregation_layer }
      always:
        - copy: { content: "{{ aggregation_layer_result | to_json }}", dest: $OPERATOR/result.json, mode: "0600" }
          delegate_to: localhost
          check_mode: false
          changed_when: false
          diff: false
          when: aggregation_layer_result is not skipped
P
}

# variables SPEC: those of the role, and how ssh logs in, without an ssh_config.
variables() {
    printf '%s\n' "ansible_ssh_private_key_file=$OPERATOR/id" \
        "ansible_ssh_common_args=-o IdentitiesOnly=yes -o UserKnownHostsFile=$OPERATOR/known_hosts" \
        "aggregation_layer_cluster=lab" "aggregation_layer_group=control_planes" \
        "aggregation_layer_executable=$AGGBOOTSTRAP" "aggregation_layer_state_directory=$OPERATOR/state" "aggregation_layer_spec=$1"
}

playbook() { at_operator role ansible-playbook -i "$OPERATOR/inventory" "$OPERATOR/playbook.yml" "$@"; }

# assert_recap changed=N failed=N: how many hosts that is true of, of one cluster.
assert_recap() {
    local wanted word
    for wanted in "$@"; do
        word=${wanted%=*}
        assert_eq "hosts with $word" "${wanted#*=}" "$(printf '%s\n' "$LAST" | grep -c " $word=[1-9]" || true)"
    done
}

# What the module said is in result.json.
assert_result() { LAST=$(told msg) && assert_contains "$@"; }

# told NAME...: members of the result; a hint only as whether there is one.
told() {
    python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
print(*[bool(result.get(name)) if name == "hint" else result.get(name) for name in sys.argv[2:]])' "$OPERATOR/result.json" "$@"
}

told_of_nodes() {
    python3 -c 'import json, sys
print(*[node["result"] for node in json.load(open(sys.argv[1]))["document"]["nodes"]])' "$OPERATOR/result.json"
}

has_host() { openssl x509 -noout -ext subjectAltName -in "$(node_root)$NODE_CERTIFICATES/aggregator.pem" | grep -q "DNS:$1" || fail "node $NODE has $1"; }
