# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# only in e2e-full
# A plain Ansible playbook with the same files finds nothing to change after init; with RUNS=9 how long both take for that.

story() {
    ansible_up || skip "no ansible-core from PyPI"
    cluster_up 3
    operator_up 3
    assert_exit 0 op init --yes
    write_playbook
    assert_exit 0 playbook plain
    assert_eq "control planes that the playbook changes" 0 "$(printf '%s\n' "$LAST" | grep -c 'changed=[1-9]' || true)"
    assert_eq "control planes that it finds as they are" 3 "$(printf '%s\n' "$LAST" | grep -c 'ok=[1-9]' || true)"
    # It would have written them: another mode is put right.
    NODE=2 node_exec chmod 600 $NODE_CERTIFICATES/aggregator-ca.pem
    assert_exit 0 playbook plain
    assert_contains "changed=1"
    assert_exit 0 op init --yes
    assert_written 0 0
    [ "${RUNS:-0}" = 0 ] || figures
}

write_playbook() {
    local node file
    mkdir -p "$OPERATOR/files"
    for node in 1 2 3; do
        mkdir -p "$OPERATOR/files/cp$node"
        for file in aggregator-ca.pem aggregator.pem aggregator-key.pem; do
            NODE=$node node_exec cat "$NODE_CERTIFICATES/$file" >"$OPERATOR/files/cp$node/$file"
        done
        # The command line in it is the node's own.
        NODE=$node node_exec cat /etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf \
            >"$OPERATOR/files/cp$node/zz-aggregation.conf.j2"
    done
    ansible_inventory 3 >"$OPERATOR/inventory"
    printf '[defaults]\nhost_key_checking=True\nlocalhost_warning=False\n' >"$OPERATOR/plain.cfg"
    { cat "$OPERATOR/plain.cfg"; printf 'gathering=explicit\n[connection]\npipelining=True\n'; } >"$OPERATOR/pipelined.cfg"
    cat >"$OPERATOR/playbook.yml" <<P
- hosts: control_planes
  tasks:
    - copy:
        src: "files/{{ inventory_hostname }}/{{ item.name }}"
        dest: "$NODE_CERTIFICATES/{{ item.name }}"
        mode: "{{ item.mode }}"
        backup: true
      loop:
        - { name: aggregator-ca.pem, mode: "0644" }
        - { name: aggregator.pem, mode: "0644" }
        - { name: aggregator-key.pem, mode: "0600" }
    - template:
        src: "files/{{ inventory_hostname }}/zz-aggregation.conf.j2"
        dest: /etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf
        mode: "0644"
        backup: true
      notify: reload
  handlers:
    - name: reload
      systemd_service:
        daemon_reload: true
P
}

# playbook CONFIG
playbook() { at_operator "$1" ansible-playbook -i "$OPERATOR/inventory" "$OPERATOR/playbook.yml"; }

# What docs/reference/benchmarks.md has. No assertion: the time is that of the machine.
figures() {
    local round
    for round in $(seq "$RUNS"); do
        measure init op init --yes
        measure playbook playbook plain
        measure pipelined playbook pipelined
    done
    python3 "$HERE/lab/pairs.py" <"$LAB/times"
}

# measure NAME CMD...: its time in seconds.
measure() {
    local name=$1 real TIMEFORMAT=%R
    shift
    real=$({ time "$@" >/dev/null 2>&1; } 2>&1)
    echo "$name $real" >>"$LAB/times"
}
