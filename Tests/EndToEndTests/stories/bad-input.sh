# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Specs, units, states, clocks and users that do not fit: the contract's exit status, a clear error, nothing changed.
story() {
    cluster_up
    bad_specs
    bad_units
    bad_states
    bad_circumstances
    # And with none of that it works.
    assert_exit 0 agg init --yes
    assert_aggregation
}

# refused WHAT STATUS TEXT CMD...
refused() {
    local what=$1 status=$2 text=$3
    shift 3
    remember
    assert_exit "$status" node_exec "$@"
    assert_contains "$text" "error: "
    assert_unchanged
    echo "refused: $what"
}

init_with() { echo "aggbootstrap init --yes --spec /srv/$1"; }

# shellcheck disable=SC2046
bad_specs() {
    local srv
    srv=$(node_root)/srv
    spec '"certificate": {}' >"$srv/unknown-key"
    spec '"requestHeader": { "allowedNames": ["someone-else"] }' >"$srv/names"
    spec '"cluster": "again"' >"$srv/twice"
    head -c 4096 /bin/true >"$srv/binary"
    head -c 2000000 /dev/zero | tr '\0' ' ' >"$srv/huge"
    refused "no spec" 64 "--spec" aggbootstrap init --yes
    refused "a missing spec" 65 "missing" $(init_with missing)
    refused "a directory" 65 "/srv" aggbootstrap init --yes --spec /srv
    refused "an unknown key" 65 "unknown-key:" $(init_with unknown-key)
    refused "a key twice" 65 "twice:" $(init_with twice)
    refused "names that lack the certificate's" 65 "allowedNames" $(init_with names)
    refused "a binary" 65 "binary" $(init_with binary)
    refused "a huge spec" 65 "huge" $(init_with huge)
    refused "no terminal and no --yes" 64 "--yes" aggbootstrap init --spec /root/cluster.json
}

# shellcheck disable=SC2046
bad_units() {
    local unit
    spec '"apiServer": { "unit": "nothing.service" }' >"$(node_root)/srv/no-unit"
    refused "no such unit" 1 "nothing.service" $(init_with no-unit)
    unit=$(node_root)/etc/systemd/system/kube-apiserver.service
    cp -p "$unit" "$LAB/unit"
    sed -i 's/^  --secure-port=6443/  "--secure-port=6443/' "$unit"
    refused "a unit that does not verify" 1 "kube-apiserver.service" aggbootstrap init --yes --include-pending --spec /root/cluster.json
    cp -p "$LAB/unit" "$unit"
    node_exec systemctl daemon-reload
}

bad_states() {
    local with="aggbootstrap init --yes --spec /root/cluster.json --state"
    spec | sed 's/"lab"/"other"/' >"$(node_root)/srv/other.json"
    node_exec cp /etc/systemd/system/kube-apiserver.service /srv/base
    assert_exit 0 bake --spec /srv/other.json --state /srv/other
    assert_exit 0 bake --spec /root/cluster.json --state /srv/good
    node_exec sh -c 'cp -r /srv/good /srv/damaged && echo rubbish >"$(ls /srv/damaged/ca/*/ca.pem)"'
    assert_exit 0 node_exec faketime "2005-01-01 00:00:00" \
        aggbootstrap init --root /srv/out-old --base-unit /srv/base --spec /root/cluster.json --state /srv/expired
    # shellcheck disable=SC2086
    {
        refused "another cluster's state" 1 "other" $with /srv/other
        refused "a damaged state" 1 "ca.pem" $with /srv/damaged
        refused "an expired CA" 1 "expired" $with /srv/expired
        refused "a file as the state" 1 "/srv/base" $with /srv/base
        refused "a clock before the CA's notBefore" 1 "clock" faketime "2020-01-01 00:00:00" $with /srv/good
    }
}

bake() { node_exec aggbootstrap init --root "$(node_exec mktemp -d)" --base-unit /srv/base "$@"; }

bad_circumstances() {
    node_exec cp /root/cluster.json /srv/cluster.json
    refused "an ordinary user" 1 "root" setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice \
        aggbootstrap init --yes --spec /srv/cluster.json
    refused "no systemd" 1 "systemd" unshare -m sh -c \
        'mount -t tmpfs none /run && aggbootstrap init --yes --spec /srv/cluster.json'
}
