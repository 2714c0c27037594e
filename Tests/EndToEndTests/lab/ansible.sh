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
