# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Ansible at the operator's place. Sourced after operator.sh.

# ansible_up: ANSIBLE is the directory of its programs. It fails without PyPI.
ansible_up() { ANSIBLE=$("$HERE/../../scripts/fetch-ansible.sh"); }

# ansible_inventory N [LINE...]: N control planes as Ansible reaches them; each LINE is a variable of all.
ansible_inventory() {
    local count=$1 node
    shift
    echo "[all:vars]"
    printf '%s\n' "ansible_user=root" "ansible_python_interpreter=/usr/bin/python3" \
        "ansible_ssh_common_args=-F $OPERATOR/ssh_config" "$@"
    echo "[control_planes]"
    for node in $(seq "$count"); do echo "cp$node ansible_host=$(lab_address "$node")"; done
}

# at_operator CONFIG PROGRAM ARG...: a program of Ansible's, with the configuration CONFIG.cfg.
at_operator() {
    local config=$1 program=$2
    shift 2
    outside env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" LC_ALL=C.UTF-8 ANSIBLE_CONFIG="$OPERATOR/$config.cfg" \
        "$ANSIBLE/$program" "$@" </dev/null
}

# What a user of the collection has: it is built and installed, and there is a playbook with its role.
collection_up() {
    printf '[defaults]\nhost_key_checking=True\nlocalhost_warning=False\ncollections_path=%s\n' "$OPERATOR/collections" >"$OPERATOR/role.cfg"
    at_operator role ansible-galaxy collection build --output-path "$OPERATOR" "$HERE/../../ansible" >"$LAB/galaxy" 2>&1 &&
        at_operator role ansible-galaxy collection install --offline -p "$OPERATOR/collections" "$OPERATOR"/aggbootstrap-kubernetes-*.tar.gz \
            >>"$LAB/galaxy" 2>&1 || fail "the collection is built and installed: $(<"$LAB/galaxy")"
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

# role_inventory SPEC [LINE...]: three control planes, the other members of their spec, and how ssh logs in without an
# ssh_config of its own.
role_inventory() {
    local spec=$1
    shift
    ansible_inventory 3 "ansible_ssh_private_key_file=$OPERATOR/id" \
        "ansible_ssh_common_args=-o IdentitiesOnly=yes -o UserKnownHostsFile=$OPERATOR/known_hosts" \
        "aggregation_layer_cluster=lab" "aggregation_layer_group=control_planes" "aggregation_layer_executable=$AGGBOOTSTRAP" \
        "aggregation_layer_state_directory=$OPERATOR/state" "aggregation_layer_spec=$spec" "$@" >"$OPERATOR/inventory"
}

role_play() { at_operator role ansible-playbook -i "$OPERATOR/inventory" "$OPERATOR/playbook.yml" "$@"; }

# assert_recap changed=N failed=N: how many hosts that is true of, of one cluster.
assert_recap() {
    local wanted word
    for wanted in "$@"; do
        word=${wanted%=*}
        assert_eq "hosts with $word" "${wanted#*=}" "$(printf '%s\n' "$LAST" | grep -c " $word=[1-9]" || true)"
    done
}

# assert_message TEXT...: what the module said at the end.
assert_message() { LAST=$(told msg) && assert_contains "$@"; }

# told NAME...: members of the module's result; of a hint only whether there is one.
told() {
    python3 -c 'import json, sys
result = json.load(open(sys.argv[1]))
print(*[bool(result.get(name)) if name == "hint" else result.get(name) for name in sys.argv[2:]])' "$OPERATOR/result.json" "$@"
}

told_of_nodes() {
    python3 -c 'import json, sys
print(*[node["result"] for node in json.load(open(sys.argv[1]))["document"]["nodes"]])' "$OPERATOR/result.json"
}
