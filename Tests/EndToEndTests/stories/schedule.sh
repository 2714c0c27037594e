# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A timer on an operator's machine, and on a control plane: installed, hardened, renews what is due and no more, removed.
story() {
    local units=/etc/systemd/system/aggbootstrap-lab
    NODE=1
    use_fast_poll
    nodes_up 2
    node_exec systemctl start etcd
    node_exec systemctl start kube-apiserver
    kube_ready
    at_node_2

    # Proxy clients of two days; from then on of 30, so that with three days before their end only the first is due.
    operator_spec 2d 100d | NODE=2 node_file 644 /root/cluster.json
    assert_exit 0 at_2 init --yes --passphrase-file /root/passphrase
    operator_spec 30d | NODE=2 node_file 644 /root/cluster.json
    remember_each 1

    # What is refused, and changes nothing.
    assert_exit 1 on_2 setpriv --reuid=65534 --regid=65534 --clear-groups aggbootstrap schedule install \
        --spec /root/cluster.json
    assert_contains "a schedule needs root"
    assert_exit 64 at_2 schedule install
    assert_contains "[state/passphrase-needed]"
    assert_exit 64 at_2 schedule install --passphrase-file /root/passphrase --on-calendar "every other day"
    assert_contains "systemd does not accept the time every other day" "[usage/calendar]"
    assert_exit 64 at_2 schedule install --passphrase-file /root/passphrase --renew-before 30d
    assert_contains "[usage/renew-before]"
    operator_spec 30d | node_file 644 /root/ssh.json
    assert_exit 1 node_exec aggbootstrap schedule install --spec /root/ssh.json
    assert_contains "this machine is the control plane cp1" "[schedule/control-plane]"
    echo "[Service]" | NODE=2 node_file 644 $units.service
    assert_exit 1 at_2 schedule install --passphrase-file /root/passphrase
    assert_contains "[schedule/foreign]"
    assert_exit 1 at_2 schedule remove
    on_2 rm $units.service
    assert_eq "the units" "" "$(units_of 2)"
    assert_exit 0 at_2 schedule show
    assert_contains "nothing is installed for cluster lab"
    assert_exit 0 at_2 schedule remove
    assert_contains "nothing to remove"

    # Installed, and nothing is due.
    assert_exit 0 at_2 schedule install --passphrase-file /root/passphrase --dry-run
    assert_contains "OnCalendar=daily" "LoadCredential=aggbootstrap-passphrase:/root/passphrase"
    assert_eq "the units after a dry run" "" "$(units_of 2)"
    assert_exit 0 at_2 schedule install --passphrase-file /root/passphrase --renew-before 1h
    assert_contains "next run: "
    assert_installed 2
    assert_exit 0 at_2 schedule install --passphrase-file /root/passphrase --renew-before 1h
    assert_contains "nothing to change"
    assert_exit 0 run_service 2
    assert_eq "what it says where nothing is due" "nothing due in cluster lab: the proxy client certificate of cp1 is next" \
        "$(journal_of 2 | sed 's/, from .*//')"
    assert_node_untouched

    # The options change, and the proxy client is due: it is replaced, and nothing after that.
    assert_exit 0 at_2 schedule install --passphrase-file /root/passphrase --renew-before 3d --on-calendar "Mon 03:30"
    assert_contains "wrote $units.service" "wrote $units.timer"
    assert_eq "the time of the timer" "Mon *-*-* 03:30:00" \
        "$(on_2 systemctl show -P TimersCalendar aggbootstrap-lab.timer | sed 's/.*OnCalendar=\([^;]*[^ ;]\) *;.*/\1/')"
    assert_renewed 2
    assert_exit 0 at_2 schedule show
    assert_contains "last run: ended " "success, status 0"
    assert_eq "keys of the state that are not encrypted" "" \
        "$(on_2 grep -rL ENCRYPTED /var/lib/aggbootstrap/lab --include='*key.pem' || true)"
    assert_exit 0 run_service 2
    assert_eq "runs that had nothing to do" 2 "$(journal_of 2 | grep -c "^nothing due")"

    # What fails is an error in the journal.
    on_2 mv /root/cluster.json /root/moved.json
    assert_exit 1 run_service 2
    assert_eq "errors in the journal" 1 \
        "$(journal_of 2 -p err | grep -c "spec/missing")"
    on_2 mv /root/moved.json /root/cluster.json

    assert_exit 0 at_2 schedule remove
    assert_removed 2

    # The CA is due: it is replaced as by rotate --ca, once.
    operator_spec 300d | NODE=2 node_file 644 /root/cluster.json
    assert_exit 1 at_2 rotate --if-due --renew-before 200d --passphrase-file /root/passphrase --dry-run
    assert_contains "replace the requestheader CA of lab on cp1" "rotation/no-kubeconfig"
    assert_exit 0 at_2 rotate --if-due --renew-before 200d --passphrase-file /root/passphrase --dry-run \
        --accept-unseen-extensions
    assert_exit 0 at_2 rotate --if-due --renew-before 200d --passphrase-file /root/passphrase --yes \
        --accept-unseen-extensions --soak 1 --watch 1 --reload-wait 3
    assert_contains "done: the CA is replaced"
    assert_aggregation
    assert_exit 0 at_2 rotate --if-due --renew-before 200d --passphrase-file /root/passphrase --yes
    assert_eq "what is said after that" "nothing due in cluster lab: the proxy client certificate of cp1 is next" "${LAST%%, from*}"

    # The control plane itself, which is asked to be one.
    on_2 tar -C /var/lib -c aggbootstrap >"$LAB/state.tar"
    tar -C "$(node_root)/var/lib" -x <"$LAB/state.tar"
    install -m600 "$(NODE=2 node_root)/root/passphrase" "$(node_root)/root/passphrase"
    spec '"certificates": { "proxyClient": { "validity": "400d" } }' | node_file 644 /root/cluster.json
    remember_each 1
    assert_exit 0 node_exec aggbootstrap schedule install --spec /root/cluster.json \
        --passphrase-file /root/passphrase --renew-before 310d
    assert_contains "note: this machine is the control plane cp1"
    assert_installed 1
    assert_renewed 1
    assert_exit 0 node_exec aggbootstrap schedule remove --cluster lab
    assert_removed 1
}

# Node 2 is the operator's machine: its root has a key for node 1, and nothing of Kubernetes runs there.
at_node_2() {
    local root
    root=$(NODE=2 node_root)
    operator_up 1
    install -d -m700 "$root/root/.ssh"
    install -m600 "$OPERATOR/id" "$root/root/.ssh/id_ed25519"
    install -m600 "$OPERATOR/known_hosts" "$root/root/.ssh/known_hosts"
    echo "correct horse" | NODE=2 node_file 600 /root/passphrase
}

# operator_spec LEAF [CA]: how long what is issued from now on lasts.
operator_spec() {
    cat <<S
{
  "apiVersion": "aggbootstrap/v1",
  "cluster": "lab",
  "certificates": { "ca": { "validity": "${2:-3650d}" }, "proxyClient": { "validity": "$1" } },
  "nodes": [{ "name": "cp1", "address": "$(lab_address 1)" }]
}
S
}

on_2() { NODE=2 node_exec "$@"; }

# at_2 COMMAND [SUBCOMMAND] ARG...: aggbootstrap on node 2; the spec stands behind the commands.
at_2() {
    local words=("$1")
    shift
    [ "${words[0]}" != schedule ] || { words+=("$1"); shift; }
    on_2 aggbootstrap "${words[@]}" --spec /root/cluster.json "$@"
}

units_of() { NODE=$1 node_exec find /etc/systemd/system /var/lib/systemd -name '*aggbootstrap-*'; }

journal_of() { NODE=$1 node_exec sh -c 'journalctl --sync; journalctl "$@"' - -u aggbootstrap-lab -o cat --no-pager -t aggbootstrap "${@:2}"; }

# run_service NODE: what the timer does, now.
run_service() { NODE=$1 node_exec systemctl start aggbootstrap-lab.service; }

# assert_installed NODE: what systemd itself says of the units.
assert_installed() {
    local exposure
    assert_eq "systemd's word on the units" "" "$(NODE=$1 node_exec systemd-analyze verify --man=no \
        /etc/systemd/system/aggbootstrap-lab.service /etc/systemd/system/aggbootstrap-lab.timer 2>&1)"
    exposure=$(NODE=$1 node_exec systemd-analyze security --no-pager aggbootstrap-lab.service |
        sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
    echo "exposure on node $1: $exposure"
    awk -v figure="$exposure" 'BEGIN { exit !(figure > 0 && figure < 4) }' || fail "the exposure is below 4: $exposure"
    assert_eq "the timer" "enabled active" \
        "$(NODE=$1 node_exec systemctl show -P UnitFileState -P ActiveState aggbootstrap-lab.timer | sort -r | paste -sd' ')"
}

# assert_renewed NODE: its service gives the control plane another pair, without a restart, and that pair works.
assert_renewed() {
    local before
    before=$(openssl x509 -noout -serial -in "$(node_root)$NODE_CERTIFICATES/aggregator.pem")
    assert_exit 0 run_service "$1"
    [ "$before" != "$(openssl x509 -noout -serial -in "$(node_root)$NODE_CERTIFICATES/aggregator.pem")" ] ||
        fail "the proxy client is another one: $(journal_of "$1")"
    assert_eq "the start of the API server" "$(<"$LAB/started1")" "$(start_timestamp)"
    assert_aggregation
    assert_nothing_left
}

assert_removed() {
    assert_eq "what is left of the units" "" "$(units_of "$1")"
    assert_eq "what systemd knows of them" "not-found not-found" "$(NODE=$1 node_exec systemctl show -P LoadState \
        aggbootstrap-lab.timer aggbootstrap-lab.service | paste -sd' ' | tr -s ' ')"
}
