#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the Ansible collection: its pure parts with the real program, ansible-lint, Ansible's own check of modules, and the
# playbooks of the example on offline trees.
# Usage: check.sh AGGBOOTSTRAP      with CI=true it fails if PyPI cannot be reached, else it checks what it can
set -euo pipefail
AGGBOOTSTRAP=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export AGGBOOTSTRAP PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$work/tree ANSIBLE_COLLECTIONS_PATH=$work/tree ANSIBLE_HOME=$work/home
# A copy, because the linter writes into it; at the path that Ansible wants.
collection=$work/tree/ansible_collections/aggbootstrap/kubernetes
mkdir -p "$(dirname "$collection")"
cp -R "$here/.." "$collection"

/usr/bin/python3 -m unittest discover -q -s "$collection/tests/unit/plugins/module_utils"
if ! bin=$("$here/../../scripts/fetch-ansible.sh"); then
    [ "${CI:-}" != true ] || exit 1
    echo "the collection is not linted, and its playbooks are not run"
    exit 0
fi
PATH=$bin:$PATH

(cd "$collection" && ansible-lint --offline --strict -q --nocolor)

# Documentation, arguments and imports of the module, as `ansible-test sanity` looks at them, which ignores the same.
validate=$("$bin/python" -c 'import ansible_test, os
print(os.path.dirname(ansible_test.__file__))')/_util/controller/sanity/validate-modules/validate.py
(cd "$collection" && "$bin/python" "$validate" --format json --arg-spec --collection ansible_collections/aggbootstrap/kubernetes \
    plugins/modules/aggregation_layer.py >"$work/validated" || true)
"$bin/python" - "$work/validated" "$here"/sanity/ignore-*.txt <<'P'
import json, sys
ignored = {line.split()[1].split(":")[1] for line in open(sys.argv[2])}
(report,) = json.load(open(sys.argv[1])).values()
left = [error for error in report["errors"] + report["warnings"] if error["code"] not in ignored]
if left or report["traces"]: sys.exit(f"validate-modules: {json.dumps([left, report['traces']], indent=1)}")
P

# Two clusters whose unit takes flags from an environment file, which one of them uses, and one without a unit.
unit=$work/kube-apiserver.service
printf '%s\n' '[Service]' 'EnvironmentFile=-/etc/kubernetes/apiserver' \
    'ExecStart=/usr/local/bin/kube-apiserver --secure-port=6443 $KUBE_API_ARGS' >"$unit"
for node in shanghai/master-{1,2,3} berlin-edge/edge-{1,2,3}.berlin.example.com; do
    mkdir -p "$work/trees/$node/etc/kubernetes" "$work/trees/$node/etc/systemd/system"
    echo 'KUBE_API_ARGS="--v=2"' >"$work/trees/$node/etc/kubernetes/apiserver"
    cp "$unit" "$work/trees/$node/etc/systemd/system/"
done
(umask 077 && echo "a passphrase of the tests" >"$work/passphrase")

# on_trees PLAYBOOK OPTION...
on_trees() {
    local playbook=$1
    shift
    exec ansible-playbook -i "$collection/examples/many-clusters/inventory.yml" "$collection/examples/many-clusters/$playbook" \
        -e "aggregation_layer_executable=$AGGBOOTSTRAP" -e "aggregation_layer_passphrase_file=$work/passphrase" \
        -e "aggregation_layer_root=$work/trees/{{ aggregation_layer_cluster }}" \
        -e "aggregation_layer_state_directory=$work/state/{{ aggregation_layer_cluster }}" "$@" </dev/null 2>&1
}

# play PLAYBOOK CHANGED OPTION...: CHANGED clusters of the three change.
play() {
    local playbook=$1 changed=$2 said
    shift 2
    said=$(on_trees "$playbook" "$@") ||
        { printf '%s\nit failed: %s %s\n' "$said" "$playbook" "$*"; exit 1; }
    [ "$(grep -c ' changed=[1-9]' <<<"$said")" = "$changed" ] ||
        { printf '%s\nother than %s clusters changed: %s %s\n' "$said" "$changed" "$playbook" "$*"; exit 1; }
}

play site.yml 3 --check --diff
[ ! -e "$work/state" ] || { echo "check mode made a state directory"; exit 1; }
play site.yml 1 --limit shanghai
play site.yml 2
chmod 644 "$work"/trees/shanghai/master-[23]/etc/kubernetes/ssl/aggregator-key.pem
play site.yml 1 --limit master-3
[ "$(stat -c %a "$work"/trees/shanghai/master-[23]/etc/kubernetes/ssl/aggregator-key.pem | paste -sd' ')" = "644 600" ] ||
    { echo "--limit of ansible-playbook is not aggbootstrap's"; exit 1; }
play site.yml 1
play renew.yml 0

# A spec of one's own, and no inventory.
printf '%s' '{ "apiVersion": "aggbootstrap/v1", "cluster": "own", "nodes": [{ "name": "cp1", "local": true }] }' >"$work/own.json"
printf '%s\n' '- hosts: localhost' '  gather_facts: false' '  roles:' '    - aggbootstrap.kubernetes.aggregation_layer' >"$work/own.yml"
said=$(ansible-playbook "$work/own.yml" -e "aggregation_layer_executable=$AGGBOOTSTRAP" -e "aggregation_layer_spec_file=$work/own.json" \
    -e aggregation_layer_cluster=own -e "aggregation_layer_root=$work/trees/own" </dev/null 2>&1) || { echo "$said"; exit 1; }
[ -f "$work/trees/own/cp1/etc/kubernetes/ssl/aggregator.pem" ] || { printf '%s\nnothing was written\n' "$said"; exit 1; }

# Ansible is stopped: so is the program, whose files are there until it ends.
cat >"$work/slow" <<S
#!/bin/bash
trap told=1 TERM
touch "$work/begun"
for _ in {1..100}; do [ -z "\$told" ] || break; sleep .1; done
sleep 1
if [ "\$told" = 1 ] && [ -f "\${2#--spec=}" ]; then echo told; else echo "told: \$told, \$2"; fi >"$work/ending"
mv "$work/ending" "$work/ended"
S
chmod +x "$work/slow"
on_trees site.yml --limit shanghai -e "aggregation_layer_executable=$work/slow" >"$work/stopped" &
ansible=$!
for _ in {1..300}; do [ ! -e "$work/begun" ] || break; sleep .1; done
kill $ansible
wait $ansible && { echo "Ansible was not stopped"; exit 1; }
for _ in {1..200}; do [ ! -e "$work/ended" ] || break; sleep .1; done
[ "$(<"$work/ended")" = told ] || { echo "what the stopped program saw: $(<"$work/ended")"; exit 1; }
echo "the collection is linted, and its example runs"
