# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# kubectl and its kubeconfig lie on the control planes alone, sshd forwards nothing, the ConfigMap of the extension servers has 550 CAs: a server that never reloads is named; then the CA is replaced.
story() {
    local uid
    use_fast_poll
    use_extensions
    NODE_PROGRAMS+=(kubectl="$(PATH=$OPERATOR_PATH command -v kubectl)")
    cluster_up $ROTATION_NODES
    operator_up $ROTATION_NODES
    on_each $ROTATION_NODES no_forwarding
    on_each $ROTATION_NODES admin_conf
    assert_exit 0 op init --yes
    # Where aggregators read them, EndpointSlices alone say where the servers are.
    [ "$(kube_minor)" -lt 33 ] || EXTENSION_ADDRESSES_IN=EndpointSlice
    extensions_up $ROTATION_NODES
    extension_start echo echo-1
    extension_start laggard laggard-1 -reload=false
    extension_register echo
    extension_register laggard
    load_up $ROTATION_NODES "${LOAD_RATE:-60}" echo laggard
    load_goes_on 200
    remember_each $ROTATION_NODES
    uid=$(config_map '{.metadata.uid}')
    published_more 550
    [ "$(config_map '{.data.requestheader-client-ca-file}' | wc -c)" -gt 550000 ] || fail "the ConfigMap is large"

    assert_exit 0 op rotate --yes --reload-wait 3
    assert_contains "cp1: its aggregator presents the new certificate"
    on_each $ROTATION_NODES keep_front_proxy old
    assert_exit 4 rotate_ca
    load_goes_on 100
    assert_no_failure
    assert_contains "rotation/laggard" "--accept-laggard $EXTENSION_NAMESPACE/laggard" "$(<"$EXTENSIONS/laggard-1.address"):8443"
    assert_contains "2 extension API servers behind APIServices"
    extension_replace laggard-1 laggard-2 -reload=false
    assert_exit 0 rotate_ca
    assert_lacks "so it is deleted"
    assert_replaced
    # Replaced in place: it was there at every moment.
    assert_eq "the ConfigMap's uid" "$uid" "$(config_map '{.metadata.uid}')"
    assert_exit 0 op verify --canary
    assert_lacks "not proven: kubectl"
    load_down
}

no_forwarding() {
    echo "AllowTcpForwarding no" >>"$(node_root)/etc/ssh/sshd_config"
    node_exec systemctl restart ssh
}

# As kubeadm leaves it: the administrator's kubeconfig, for this node's own API server.
admin_conf() {
    python3 - "$PKI" "https://$(lab_address):6443" <<'P' | node_file 600 /etc/kubernetes/admin.conf
import base64, json, sys
def data(name): return base64.b64encode(open(f"{sys.argv[1]}/{name}", "rb").read()).decode()
print(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "a",
    "clusters": [{"name": "a", "cluster": {"server": sys.argv[2], "certificate-authority-data": data("ca.pem")}}],
    "users": [{"name": "a", "user": {"client-certificate-data": data("admin.pem"), "client-key-data": data("admin-key.pem")}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}]}))
P
}

config_map() { kube get configmap -n kube-system extension-apiserver-authentication -o "jsonpath=$1"; }

# published_more N: N more requestheader CAs in the ConfigMap, as years of rotations leave them.
published_more() {
    local number
    openssl genrsa -out "$LAB/many.key" 2048 2>/dev/null
    for number in $(seq "$1"); do
        openssl req -x509 -key "$LAB/many.key" -days 3650 -subj "/O=a former requestheader CA/CN=front-proxy-ca $number"
    done >"$LAB/many.pem" 2>/dev/null
    kube get configmap -n kube-system extension-apiserver-authentication -o json >"$LAB/config.json"
    python3 - "$LAB/config.json" "$LAB/many.pem" >"$LAB/config-new.json" <<'P'
import json, sys
config = json.load(open(sys.argv[1]))
config["data"]["requestheader-client-ca-file"] += open(sys.argv[2]).read()
print(json.dumps(config))
P
    kube replace -f "$LAB/config-new.json" >/dev/null
}
