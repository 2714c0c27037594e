# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Extension API servers behind the aggregation layer of the lab's control planes, and requests to them at a steady rate.
# Sourced after operator.sh. No kube-proxy runs in the lab: kube-apiserver asks a Service's endpoints itself.

EXTENSION_NAMESPACE=lab-extensions

# Before operator_up: what the spec needs so that extension API servers are reached.
use_extensions() {
    SPEC_MEMBERS='"apiServer": { "aggregatorRouting": true }'
    EXTENSION_SERVER=$("$HERE/lab/build-go.sh" extension-server)
    AGGREGATED_LOAD=$("$HERE/lab/build-go.sh" aggregated-load)
}

# extensions_up N: after init, what is shared by all extension servers: kubectl's access, a namespace, a CA, and the
# right to read the ConfigMap through any of the N control planes.
extensions_up() {
    EXTENSIONS=$LAB/extensions
    EXTENSION_SERVERS=$(for node in $(seq "$1"); do echo "https://$(lab_host "$node"):6443"; done | paste -sd,)
    mkdir -p "$EXTENSIONS"
    kubeconfig "$1"
    make_ca extension-ca "/CN=lab-extensions"
    make_leaf ca extension "/CN=lab-extension" "extendedKeyUsage=clientAuth"
    wait_for 30 kube get role -n kube-system extension-apiserver-authentication-reader
    kube create namespace "$EXTENSION_NAMESPACE" >/dev/null
    kube create rolebinding -n kube-system lab-extension --role=extension-apiserver-authentication-reader \
        --user=lab-extension >/dev/null
}

# kubeconfig N: $LAB/kubeconfig, the administrator's, with a context cp1 to cpN for each control plane; cp1 is in use.
kubeconfig() {
    local node clusters="" contexts=""
    for node in $(seq "$1"); do
        clusters+="${clusters:+,}{\"name\":\"cp$node\",\"cluster\":{\"server\":\"https://$(lab_host "$node"):6443\",
            \"certificate-authority\":\"$PKI/ca.pem\"}}"
        contexts+="${contexts:+,}{\"name\":\"cp$node\",\"context\":{\"cluster\":\"cp$node\",\"user\":\"admin\"}}"
    done
    cat >"$LAB/kubeconfig" <<K
{"apiVersion":"v1","kind":"Config","current-context":"cp1","clusters":[$clusters],"contexts":[$contexts],
 "users":[{"name":"admin","user":{"client-certificate":"$PKI/admin.pem","client-key":"$PKI/admin-key.pem"}}]}
K
}

# kube ARG...: kubectl as the administrator, at the operator's place.
kube() {
    outside env -i PATH="$OPERATOR_PATH" HOME="$LAB" KUBECONFIG="$LAB/kubeconfig" kubectl "$@" </dev/null
}

# extension_start SERVICE INSTANCE [OPTION...]: one more extension server of a Service, with options of its own such as
# -reload=false, at an address of its own. It is asked only after extension_register.
extension_start() {
    local service=$1 instance=$2 number address
    shift 2
    number=$((10 + $(find "$EXTENSIONS" -name '*.address' | wc -l)))
    lab_add_addresses "$(lab_namespace ops)" br0 $number
    address=$LAB_SUBNET.$number
    [ "$LAB_FAMILIES" != 6 ] || address=$LAB_SUBNET6:$number
    echo "$address" >"$EXTENSIONS/$instance.address"
    echo "$service" >"$EXTENSIONS/$instance.service"
    [ -f "$PKI/$service.pem" ] || make_leaf extension-ca "$service" "/CN=$service" extendedKeyUsage=serverAuth \
        "subjectAltName=DNS:$service.$EXTENSION_NAMESPACE.svc"
    ip netns exec "$(lab_namespace ops)" "$EXTENSION_SERVER" -name "$instance" -listen "$(in_url "$address"):8443" \
        -group "$(extension_group "$service")" -cert "$PKI/$service.pem" -key "$PKI/$service-key.pem" \
        -servers "$EXTENSION_SERVERS" -ca "$PKI/ca.pem" -client-cert "$PKI/extension.pem" \
        -client-key "$PKI/extension-key.pem" "$@" </dev/null >"$EXTENSIONS/$instance.log" 2>&1 &
    echo $! >"$EXTENSIONS/$instance.pid"
    wait_for 20 outside curl -sS --cacert "$PKI/extension-ca.pem" -o /dev/null \
        --resolve "$service.$EXTENSION_NAMESPACE.svc:8443:$(in_url "$address")" "https://$service.$EXTENSION_NAMESPACE.svc:8443/healthz"
}

extension_group() { echo "$1.aggbootstrap.test"; }

# The path whose answer says what the Service's extension server saw.
extension_path() { echo "/apis/$(extension_group "$1")/v1/echoes/seen"; }

# extension_register SERVICE: its running instances are its endpoints from now on; waits until the APIService is available.
extension_register() {
    extension_objects "$1" >"$EXTENSIONS/$1.json"
    # Not validated: a kube-apiserver that has just started may not serve its OpenAPI document yet.
    kube apply --validate=false -f "$EXTENSIONS/$1.json" >/dev/null
    wait_for 60 extension_is_available "$1"
}

extension_is_available() {
    [ "$(kube get apiservice "v1.$(extension_group "$1")" \
        -o 'jsonpath={.status.conditions[?(@.type=="Available")].status}')" = True ]
}

# Which of the two kinds a Service's addresses are in. In the lab no kube-controller-manager makes one of the other.
EXTENSION_ADDRESSES_IN="Endpoints EndpointSlice"

# extension_objects SERVICE. EndpointSlices are v1beta1 where the API has no v1 of them, in 1.20 that is.
extension_objects() {
    local file addresses=""
    for file in $(grep -lx "$1" "$EXTENSIONS"/*.service); do
        [ -f "${file%.service}.pid" ] && addresses+="${addresses:+ }$(<"${file%.service}.address")"
    done
    python3 - "$1" "$EXTENSION_NAMESPACE" "$(extension_group "$1")" "$PKI/extension-ca.pem" "$EXTENSION_ADDRESSES_IN" \
        "$(kube get --raw /apis/discovery.k8s.io/v1 >/dev/null 2>&1 && echo v1 || echo v1beta1)" $addresses <<'P'
import base64, json, sys
service, namespace, group, ca, kinds, slices, addresses = *sys.argv[1:7], sys.argv[7:]
meta = {"name": service, "namespace": namespace}
port = {"name": "https", "port": 8443, "protocol": "TCP"}
items = [
    {"apiVersion": "v1", "kind": "Service", "metadata": meta,
     "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 8443}]}},
    {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta,
     "subsets": [{"addresses": [{"ip": address} for address in addresses], "ports": [port]}]},
    {"apiVersion": "discovery.k8s.io/" + slices, "kind": "EndpointSlice", "addressType": "IPv6" if any(":" in address for address in addresses) else "IPv4",
     "metadata": {**meta, "labels": {"kubernetes.io/service-name": service}}, "ports": [port],
     "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses]},
    {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1." + group},
     "spec": {"group": group, "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15,
              "caBundle": base64.b64encode(open(ca, "rb").read()).decode(),
              "service": {"name": service, "namespace": namespace, "port": 443}}},
]
wanted = ["Service", "APIService", *kinds.split()]
print(json.dumps({"apiVersion": "v1", "kind": "List", "items": [item for item in items if item["kind"] in wanted]}))
P
}

# extension_stop INSTANCE: it is an endpoint no more, serves what is under way and ends.
extension_stop() {
    local pid
    pid=$(<"$EXTENSIONS/$1.pid")
    rm "$EXTENSIONS/$1.pid"
    extension_register "$(<"$EXTENSIONS/$1.service")"
    kill "$pid"
    wait "$pid" || fail "the extension server $1 ended well: $(<"$EXTENSIONS/$1.log")"
}

# extension_replace OLD NEW [OPTION...]: a restart as of a Deployment: another instance takes its place, and no request
# is lost.
extension_replace() {
    local old=$1 new=$2
    shift 2
    extension_start "$(<"$EXTENSIONS/$old.service")" "$new" "$@"
    extension_register "$(<"$EXTENSIONS/$old.service")"
    extension_stop "$old"
}

# The subjects of the CAs that an instance has loaded, as its handshake says.
extension_cas() { handshake_cas "$(in_url "$(<"$EXTENSIONS/$1.address")"):8443"; }

LOAD_USERS="load-1 load-2 load-3"

LOAD_OPTIONS=()   # more options of the load: -failover

# load_up N RATE SERVICE...: RATE requests a second in all to the Services through N control planes, as three users of the
# group lab:load; returns when each control plane has answered for each Service, and nothing failed.
load_up() {
    local count=$1 rate=$2 user service paths="" addresses
    shift 2
    addresses=$(for node in $(seq "$count"); do lab_host "$node"; done | paste -sd,)
    for user in $LOAD_USERS; do
        [ -f "$PKI/$user.pem" ] || make_leaf ca "$user" "/O=lab:load/CN=$user" "extendedKeyUsage=clientAuth"
    done
    load_role >"$EXTENSIONS/load-role.json"
    kube apply --validate=false -f "$EXTENSIONS/load-role.json" >/dev/null
    for service in "$@"; do
        paths+="${paths:+,}$(extension_path "$service")"
        on_each "$count" wait_for 30 extension_answers "$service"
    done
    ip netns exec "$(lab_namespace ops)" "$AGGREGATED_LOAD" -addresses "$addresses" -paths "$paths" -pki "$PKI" \
        -users "${LOAD_USERS// /,}" -groups lab:load,system:authenticated -rate "$rate" "${LOAD_OPTIONS[@]}" -output "$LAB/load.json" \
        </dev/null >"$LAB/load.log" 2>&1 &
    LOAD_PID=$!
    wait_for 20 load_has_made $((rate * 2))
    load_has_not_failed || fail "no request failed at the start: $(load_failures)"
}

# What the group may do: kubectl's own way of making a role would first ask each API server what it serves.
load_role() {
    cat <<R
{"apiVersion":"v1","kind":"List","items":[
 {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"lab-load"},
  "rules":[{"apiGroups":["*"],"resources":["echoes"],"verbs":["get"]}]},
 {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"lab-load"},
  "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"lab-load"},
  "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"lab:load"}]}]}
R
}

# The first user is answered through the node's API server: its role is known there, and the Service is available there.
extension_answers() {
    [ "$(outside curl -sS -o /dev/null -w '%{http_code}' --cacert "$PKI/ca.pem" --cert "$PKI/load-1.pem" \
        --key "$PKI/load-1-key.pem" "https://$(lab_host):6443$(extension_path "$1")")" = 200 ]
}

# load_figure KEY...: a value of the load's summary, as it was within the last second: `load_figure failed`,
# `load_figure control_planes "$(lab_host 2)" proxy_certificates`.
load_figure() {
    python3 -c 'import functools, json, sys
print(json.dumps(functools.reduce(lambda value, key: value[key], sys.argv[2:], json.load(open(sys.argv[1])))).strip("\""))' \
        "$LAB/load.json" "$@"
}

# load_issuers NODE: who issued the certificates that a control plane has shown, in the order in which they came.
load_issuers() {
    python3 -c 'import json, sys
for one in json.load(open(sys.argv[1]))["control_planes"][sys.argv[2]]["proxy_certificates"]: print(one["issuer"])' \
        "$LAB/load.json" "$(lab_host "$1")"
}

# load_shown NODE: the serial, as openssl writes it, of the certificate that a control plane showed last.
load_shown() {
    python3 -c 'import json, sys
shown = json.load(open(sys.argv[1]))["control_planes"][sys.argv[2]]["proxy_certificates"]
serial = max(shown, key=lambda one: one["last"])["serial"].upper()
print(serial.zfill(len(serial) + len(serial) % 2))' "$LAB/load.json" "$(lab_host "$1")"
}

load_has_made() { [ "$(load_figure requests)" -ge "$1" ]; }
load_has_not_failed() { [ "$(load_figure failed) $(load_figure wrong_user)" = "0 0" ]; }

# load_goes_on N: waits until N more requests were made.
load_goes_on() { wait_for 120 load_has_made $(($(load_figure requests) + $1)); }

# load_quiet SECONDS: for so long no request has failed.
load_quiet() {
    python3 -c 'import json, sys, time
sys.exit(time.time() - json.load(open(sys.argv[1]))["last_failure"] < float(sys.argv[2]))' "$LAB/load.json" "$1"
}

# Each kind of failure in a line: how often, where, when (seconds from the first failure), and what.
load_failures() {
    python3 -c 'import json, sys
sum = json.load(open(sys.argv[1]))
for one in sum["failures"]:
    since = [one[when] - sum["first_failure"] for when in ("first", "last")]
    print("%6d %s %s %.1f-%.1f s: %s" % (one["count"], one["address"], one["path"].split("/")[2], *since, one["what"]))' \
        "$LAB/load.json"
}

# load_down: ends the load; a line of what it counted.
load_down() {
    kill "$LOAD_PID"
    wait "$LOAD_PID" || fail "the load ended well: $(<"$LAB/load.log")"
    python3 -c 'import json, sys
sum = json.load(open(sys.argv[1]))
print("load: {requests} requests in {seconds:.0f} s ({rate:.0f} a second), {failed} failed, {wrong_user} as a wrong user, "
      "trouble for {trouble_seconds:.1f} s, slowest {slowest_seconds:.2f} s, sent {most_late_seconds:.2f} s late at most".format(**sum))' \
        "$LAB/load.json"
}

assert_no_failure() {
    load_has_not_failed || fail "no request failed, but: $(load_failures)"
}
