# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A canary behind each of three aggregators: what each presents, what is wrong with one, no way back, ^C, kill -9, names in use.
story() {
    cluster_up 3
    operator_up 3
    kubeconfig 3
    canary_spec ""
    assert_exit 0 op init --yes

    # With no kubeconfig it cannot be made, and says so.
    ssh_spec 3 >"$OPERATOR/cluster.json"
    assert_exit 4 op verify --canary
    assert_contains "--   canary " "there is no kubeconfig" "no proof of the canary could be made"
    assert_exit 4 op verify --canary --require-proof
    canary_spec ""

    # The aggregator dials what the Service's ExternalName says.
    remember_each 3
    all_pass
    # It dials endpoints.
    canary_spec '"aggregatorRouting": true'
    assert_exit 0 op init --yes
    remember_each 3
    all_pass
    on_each 3 assert_node_untouched
    what_the_cluster_says

    administrator_on_a_node
    wrong_pairs
    no_way_back
    stopped_and_killed
    names_in_use
}

# canary_spec MEMBERS: the operator's kubeconfig, and more members of apiServer.
canary_spec() { ssh_spec 3 "\"apiServer\": { \"kubeconfig\": \"$LAB/kubeconfig\"${1:+, $1} }" >"$OPERATOR/cluster.json"; }

# Besides its proofs, verify says what only the cluster knows; a plan says which API servers the spec lacks.
what_the_cluster_says() {
    local command
    assert_exit 0 op verify
    assert_lacks "note:"
    cat >"$LAB/absent.json" <<'A'
{ "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": { "name": "v1.absent.aggbootstrap.test" },
        "spec": { "group": "absent.aggbootstrap.test", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15,
                  "service": { "name": "absent", "namespace": "default" } } }
A
    kube create --validate=false -f "$LAB/absent.json" >/dev/null
    wait_for 30 absent_is_judged
    assert_exit 0 op verify
    assert_contains "note: the extension API v1.absent.aggbootstrap.test (Service default/absent) is not available: ServiceNotFound" "1 note above"
    kube delete apiservice v1.absent.aggbootstrap.test >/dev/null
    ssh_spec 2 "\"apiServer\": { \"kubeconfig\": \"$LAB/kubeconfig\", \"aggregatorRouting\": true }" >"$OPERATOR/cluster.json"
    for command in verify plan; do
        assert_exit 0 op $command
        assert_contains "note: an API server at $(lab_address 3) serves this cluster and is not in the spec"
    done
    ssh_spec 3 "\"apiServer\": { \"kubeconfig\": \"$LAB/absent\", \"aggregatorRouting\": true }" >"$OPERATOR/cluster.json"
    for command in verify plan status; do
        assert_exit 0 op $command
        assert_contains "$LAB/absent (apiServer.kubeconfig) is not on this machine"
    done
    canary_spec '"aggregatorRouting": true'
}

absent_is_judged() { kube get apiservice v1.absent.aggbootstrap.test -o yaml | grep -q ServiceNotFound; }

SERVICES=/api/v1/namespaces/kube-system/services
# What the API has in the names that the canary takes for itself.
objects_left() {
    local path
    for path in /apis/apiregistration.k8s.io/v1/apiservices $SERVICES /api/v1/namespaces/kube-system/endpoints; do
        NODE=1 api "$path" | grep -E '"name": "(v[0-9]+\.canary\.aggbootstrap\.io|aggbootstrap-canary-[0-9]+)"' || true
    done
}

assert_nothing_left() { assert_eq "what is left in the API" "" "$(objects_left)"; }
apiservice_is_there() { objects_left | grep -q canary.aggbootstrap.io; }

# proof NODE NAME: the line of one proof.
proof() { sed -n "/^proofs on cp$1:/,/^\$/p" <<<"$LAST" | grep -E "^  (ok  |FAIL|--  ) $2 "; }

assert_proof() {
    local line
    line=$(proof "$1" "$2") || fail "there is a proof $2 of cp$1"
    [[ $line == "  $3"* && $line == *"$4"* ]] || fail "'$3 ... $4' is what $2 of cp$1 says: $line"
}

serial() { openssl x509 -noout -serial -in "$1" | sed 's/serial=//' | tr A-F a-f; }
leaf() { echo "$(NODE=$1 node_root)$NODE_CERTIFICATES/aggregator.pem"; }

all_pass() {
    local node
    assert_exit 0 op verify --canary --require-proof
    for node in 1 2 3; do
        assert_proof $node canary "ok  " "aggbootstrap-probe-"
        # That the certificate is this node's own is what openssl says.
        assert_proof $node presented-certificate "ok  " "serial $(serial "$(leaf $node)")"
    done
    assert_nothing_left
}

# No kubeconfig of the operator's, but kubectl and an administrator's on node 1: over ssh, and on the node itself.
administrator_on_a_node() {
    cp "$(outside env PATH="$OPERATOR_PATH" which kubectl)" "$(NODE=1 node_root)/usr/local/bin/kubectl"
    NODE=1 node_file 600 /etc/kubernetes/admin.conf <<K
{"apiVersion":"v1","kind":"Config","current-context":"lab",
 "clusters":[{"name":"lab","cluster":{"server":"https://$(lab_address 1):6443","certificate-authority-data":"$(base64 -w0 "$PKI/ca.pem")"}}],
 "contexts":[{"name":"lab","context":{"cluster":"lab","user":"admin"}}],
 "users":[{"name":"admin","user":{"client-certificate-data":"$(base64 -w0 "$PKI/admin.pem")",
  "client-key-data":"$(base64 -w0 "$PKI/admin-key.pem")"}}]}
K
    ssh_spec 3 '"apiServer": { "aggregatorRouting": true }' >"$OPERATOR/cluster.json"
    all_pass
    spec '"apiServer": { "aggregatorRouting": true }' | NODE=1 node_file 644 /root/cluster.json
    assert_exit 0 agg verify --canary --require-proof
    assert_proof 1 presented-certificate "ok  " "serial $(serial "$(leaf 1)")"
    assert_nothing_left
    NODE=1 node_exec rm /etc/kubernetes/admin.conf /usr/local/bin/kubectl
    canary_spec '"aggregatorRouting": true'
}

wrong_pairs() {
    local drop_in file
    # Node 2: the flags of the pair are taken out by hand.
    drop_in=$(NODE=2 node_root)/etc/systemd/system/kube-apiserver.service.d/zz-aggregation.conf
    sed -i 's/ *"\?--proxy-client-[a-z]*-file=[^" ]*"\?//' "$drop_in"
    NODE=2 node_exec systemctl daemon-reload
    NODE=2 node_exec systemctl restart kube-apiserver
    NODE=2 kube_ready
    assert_eq "flags of the pair" "" "$(NODE=2 running_flags | grep proxy-client || true)"
    # Node 3: a pair of another CA, under the same name.
    other_ca
    for file in aggregator.pem aggregator-key.pem; do
        cp "$PKI/stranger${file#aggregator}" "$(NODE=3 node_root)$NODE_CERTIFICATES/$file"
    done
    NODE=3 node_exec systemctl restart kube-apiserver
    NODE=3 kube_ready
    assert_exit 4 op verify --canary
    assert_proof 1 canary "ok  " ""
    assert_proof 1 presented-certificate "ok  " ""
    assert_proof 2 canary "ok  " ""
    assert_proof 2 presented-certificate FAIL "it presented no certificate"
    assert_proof 3 presented-certificate FAIL "issued by CN=stranger, which does not verify on cp1"
    # Its own API server does not take that pair, so an administrator asked; the path itself is whole.
    assert_proof 3 canary "ok  " "in system:masters, system:authenticated"
    assert_nothing_left
    # Node 3 is not restarted for another pair, and where this kube-apiserver looks once a minute, it presents the old one
    # until then, whatever lies there.
    assert_exit 0 op init --yes
    if ! watches_files; then
        assert_exit 4 op verify --canary
        assert_proof 3 chain "ok  " ""
        assert_proof 3 presented-certificate FAIL "the node's file has serial $(serial "$(leaf 3)"), which it has not loaded"
    fi
    wait_for 90 op verify --canary --require-proof
    all_pass
}

# block_operator NODE / unblock_operator NODE: no connection goes out from the node to the operator; answers do.
block_operator() { ip netns exec "$(lab_namespace "n$1")" iptables -I OUTPUT -d "$LAB_SUBNET.1" -p tcp --syn -j DROP; }
unblock_operator() { ip netns exec "$(lab_namespace "n$1")" iptables -D OUTPUT -d "$LAB_SUBNET.1" -p tcp --syn -j DROP; }

no_way_back() {
    local begin=$SECONDS node
    for node in 1 2 3; do block_operator $node; done
    assert_exit 4 op verify --canary
    for node in 1 2 3; do
        assert_proof $node canary "--  " "not proven: no request reached $LAB_SUBNET.1:"
        assert_proof $node presented-certificate "--  " "not proven"
    done
    proof 2 canary
    [ $((SECONDS - begin)) -lt 60 ] || fail "it gives up within a minute, but it took $((SECONDS - begin)) s"
    assert_nothing_left
    # One of them alone.
    unblock_operator 1
    unblock_operator 3
    assert_exit 4 op verify --canary --require-proof
    assert_proof 1 presented-certificate "ok  " ""
    assert_proof 2 presented-certificate "--  " "not proven"
    assert_proof 3 presented-certificate "ok  " ""
    assert_nothing_left
    unblock_operator 2
    # An address that leads nowhere: what answers there is not this program.
    assert_exit 0 op verify --canary --canary-address "$LAB_SUBNET.1:9443"
    assert_proof 2 presented-certificate "ok  " ""
}

# run_aside: verify --canary in the background, of which RUN is the process itself; returns when it has made its objects.
run_aside() {
    ip netns exec "$(lab_namespace ops)" env -i PATH="$OPERATOR_PATH" HOME="$OPERATOR" "$AGGBOOTSTRAP" \
        verify --spec "$OPERATOR/cluster.json" --canary </dev/null >"$LAB/run" 2>&1 &
    RUN=$!
    wait_for 60 apiservice_is_there
}

# ended: waits for it, with its status in STATUS and what it wrote in LAST.
ended() {
    STATUS=0
    wait "$RUN" || STATUS=$?
    LAST=$(<"$LAB/run") LAST_COMMAND="verify --canary in the background"
}

stopped_and_killed() {
    local node signal
    for node in 1 2 3; do block_operator $node; done
    for signal in INT TERM HUP; do
        run_aside
        kill -$signal "$RUN"
        ended
        assert_eq "the status after SIG$signal" 1 "$STATUS"
        assert_contains "[canary/stopped]"
        assert_nothing_left
    done
    # Two at once: the second one leaves the first one's alone.
    run_aside
    assert_exit 75 op verify --canary
    assert_contains "[canary/running]"
    apiservice_is_there || fail "the first one's objects are still there"
    kill -KILL "$RUN"
    ended
    assert_eq "the status after SIGKILL" 137 "$STATUS"
    apiservice_is_there || fail "a killed run leaves its objects"
    for node in 1 2 3; do unblock_operator $node; done
    assert_exit 0 op verify --canary --require-proof
    assert_contains "removed objects of a killed canary"
    assert_nothing_left
}

# names_in_use: an object of the name that is somebody else's, with our label and without; it is left, and nothing else is.
names_in_use() {
    local label='' services=$SERVICES/aggbootstrap-canary-1
    for label in '' '"labels":{"app.kubernetes.io/managed-by":"aggbootstrap"},'; do
        make_foreign $SERVICES "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{$label\"name\":\"aggbootstrap-canary-1\"},
            \"spec\":{\"ports\":[{\"port\":443}]}}"
        refused_for $services
    done
    # The last one that is made: what was made before it is removed again.
    make_foreign /apis/apiregistration.k8s.io/v1/apiservices '{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService",
        "metadata":{"name":"v1.canary.aggbootstrap.io"},"spec":{"group":"canary.aggbootstrap.io","version":"v1",
        "groupPriorityMinimum":1,"versionPriority":1,"insecureSkipTLSVerify":true,"service":{"namespace":"default","name":"none"}}}'
    refused_for /apis/apiregistration.k8s.io/v1/apiservices/v1.canary.aggbootstrap.io
}

make_foreign() { NODE=1 api "$1" -X POST -H "Content-Type: application/json" -d "$2" >"$LAB/made"; }

refused_for() {
    assert_exit 1 op verify --canary
    assert_contains "[canary/exists]" "$1"
    assert_eq "what is there" 1 "$(objects_left | wc -l)"
    NODE=1 api "$1" -X DELETE >"$LAB/made"
    assert_nothing_left
}
