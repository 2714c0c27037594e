# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# etcd on node 1 and a kube-apiserver unit with no aggregation flags on every node, as an operator's binary install has
# it. Sourced after lab.sh.
#
# A story may change these before cluster_up:
API_FLAGS=()                                   # more flags of kube-apiserver, at the end of its command line
API_COMMAND=/usr/local/bin/kube-apiserver
UNIT_SERVICE=()                                # more lines of the unit's [Service]
NODE_PROGRAMS=()                               # more programs on every node, NAME=FILE
NODE_CERTIFICATES=/etc/kubernetes/ssl
advertised() { echo "--advertise-address=$(lab_address)"; }   # a node's flags for the address that it serves at
before_start() { :; }                          # runs for each node before its services start

# cluster_up [N]: boots N nodes, starts etcd and kube-apiserver on them and waits until they serve. The first one has the
# empty etcd for itself: of several that start on it at once, a kube-apiserver of today that loses the race for the address
# of default/kubernetes gives its repair up and is never ready.
cluster_up() {
    local count=${1:-1} node
    nodes_up "$count"
    NODE=1 node_exec systemctl start etcd
    NODE=1 node_exec systemctl start --no-block kube-apiserver
    NODE=1 kube_ready
    for node in $(seq 2 "$count"); do NODE=$node node_exec systemctl start --no-block kube-apiserver; done
    for node in $(seq "$count"); do NODE=$node kube_ready; done
}

# nodes_up N: boots N nodes that have everything, and starts nothing on them. Such a node takes some 13 MiB.
nodes_up() {
    local count=$1 node
    lab_up "$count" kube-apiserver="$KUBE_APISERVER" etcd=/usr/bin/etcd aggbootstrap="$AGGBOOTSTRAP" "${NODE_PROGRAMS[@]}"
    cluster_pki "$count"
    for node in $(seq "$count"); do NODE=$node node_prepare "$count"; NODE=$node before_start; done
}

# The cluster's own certificates: its client CA, the API server's and an administrator's.
cluster_pki() {
    local node sans="DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.254.0.1,IP:fd00:254::1"
    for node in $(seq "$1"); do sans="$sans,IP:$(lab_address4 "$node"),IP:$(lab_address6 "$node")"; done
    PKI=$LAB/pki
    mkdir -p "$PKI"
    make_ca ca "/CN=kubernetes"
    make_leaf ca kubernetes "/CN=kube-apiserver" "extendedKeyUsage=serverAuth" "subjectAltName=$sans"
    make_leaf ca admin "/O=system:masters/CN=admin" "extendedKeyUsage=clientAuth"
    openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/sa-key.pem"
}

# make_ca NAME SUBJECT [DAYS]: $PKI/NAME.pem and $PKI/NAME-key.pem
make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/$1-key.pem" -out "$PKI/$1.pem" \
        -days "${3:-3650}" -subj "$2" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
}

# make_leaf CA NAME SUBJECT EXTENSION...
make_leaf() {
    local ca=$1 name=$2 subject=$3
    shift 3
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/$name-key.pem" \
        -out "$PKI/$name.csr" -subj "$subject" 2>/dev/null
    openssl x509 -req -in "$PKI/$name.csr" -CA "$PKI/$ca.pem" -CAkey "$PKI/$ca-key.pem" -CAcreateserial -days 365 \
        -out "$PKI/$name.pem" -extfile <(printf '%s\n' "$@") 2>/dev/null
}

node_prepare() {
    local file root
    root=$(node_root)
    install -d -m755 "$root$NODE_CERTIFICATES"
    install -d -m700 "$root/var/lib/etcd"
    for file in ca.pem kubernetes.pem; do install -m644 "$PKI/$file" "$root$NODE_CERTIFICATES/"; done
    for file in kubernetes-key.pem sa-key.pem; do install -m600 "$PKI/$file" "$root$NODE_CERTIFICATES/"; done
    if [[ " ${UNIT_SERVICE[*]} " == *User=kube* ]]; then
        node_exec chown kube "$NODE_CERTIFICATES/kubernetes-key.pem" "$NODE_CERTIFICATES/sa-key.pem"
    fi
    [ "$NODE" = 1 ] && etcd_unit | node_file 644 /etc/systemd/system/etcd.service
    api_unit | node_file 644 /etc/systemd/system/kube-apiserver.service
    spec | node_file 644 /root/cluster.json
    node_exec systemctl daemon-reload
}

etcd_unit() {
    cat <<U
[Unit]
After=network.target
[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --data-dir /var/lib/etcd --unsafe-no-fsync \\
  --listen-client-urls http://$(lab_host 1):2379 --advertise-client-urls http://$(lab_host 1):2379
[Install]
WantedBy=multi-user.target
U
}

api_flags() {
    cat <<F
--etcd-servers=http://$(lab_host 1):2379
--secure-port=6443
--service-cluster-ip-range=$(service_ranges)
--client-ca-file=$NODE_CERTIFICATES/ca.pem
--tls-cert-file=$NODE_CERTIFICATES/kubernetes.pem
--tls-private-key-file=$NODE_CERTIFICATES/kubernetes-key.pem
--service-account-key-file=$NODE_CERTIFICATES/sa-key.pem
--service-account-signing-key-file=$NODE_CERTIFICATES/sa-key.pem
--service-account-issuer=https://kubernetes.default.svc
--authorization-mode=Node,RBAC
--allow-privileged=true
F
    case $LAB_FAMILIES in *6*) echo "--bind-address=::" ;; esac
    advertised
    [ ${#API_FLAGS[@]} = 0 ] || printf '%s\n' "${API_FLAGS[@]}"
}

service_ranges() {
    case $LAB_FAMILIES in
    4) echo 10.254.0.0/16 ;;
    6) echo fd00:254::/112 ;;
    46) echo 10.254.0.0/16,fd00:254::/112 ;;
    esac
}

api_unit() {
    cat <<U
[Unit]
Description=Kubernetes API Server
Documentation=https://github.com/kubernetes/kubernetes
After=network.target
[Service]
Type=notify
ExecStart=$API_COMMAND \\
$(api_flags | sed -e 's/^/  /' -e '$!s/$/ \\/')
Restart=on-failure
LimitNOFILE=65536
$([ ${#UNIT_SERVICE[@]} = 0 ] || printf '%s\n' "${UNIT_SERVICE[@]}")
[Install]
WantedBy=multi-user.target
U
}

# The spec of the stories: one local node. spec [MEMBER,...] adds members of the top object.
spec() {
    cat <<S
{
  "apiVersion": "aggbootstrap/v1",
  "cluster": "lab",
  $(printf '%s' "${1:+$1,}")
  "nodes": [{ "name": "cp1", "local": true, "address": "$(lab_address 1)" }]
}
S
}

# kube_ready: waits until the node's API server answers /readyz, seen from outside the node.
kube_ready() {
    local deadline=$((SECONDS + 60))
    while [ $SECONDS -lt $deadline ]; do
        [ "$(api /readyz 2>/dev/null)" = ok ] && return
        [ "$(node_exec systemctl is-active kube-apiserver || true)" = failed ] && break
        sleep .05
    done
    echo "the API server of node $NODE does not serve"
    node_exec journalctl -u kube-apiserver -n 20 --no-pager
    return 1
}

# api PATH [CURL OPTION...]: asks the node's API server from outside, as an administrator.
api() {
    local path=$1
    shift
    outside curl -sS --max-time 10 --cacert "$PKI/ca.pem" --cert "$PKI/admin.pem" --key "$PKI/admin-key.pem" \
        "$@" "https://$(lab_host):6443$path"
}

# proxied CERTIFICATE KEY PATH [CURL OPTION...]: asks as an aggregator would, in the name of lab-probe.
proxied() {
    local certificate=$1 key=$2 path=$3
    shift 3
    outside curl -sS --max-time 10 --cacert "$PKI/ca.pem" --cert "$certificate" --key "$key" \
        -H "X-Remote-User: lab-probe" -H "X-Remote-Group: system:authenticated" "$@" "https://$(lab_host):6443$path"
}

# handshake_cas [ADDRESS:PORT]: the subjects of the CAs whose client certificates a server asks for, the node's running
# API server unless another is named.
handshake_cas() {
    outside openssl s_client -nameopt RFC2253 -connect "${1:-$(lab_host):6443}" </dev/null 2>/dev/null | named_cas
}

# Of what openssl s_client writes.
named_cas() {
    sed -n '/^Acceptable client certificate CA names/,/^\(Requested\|Client Certificate Types\)/p' | sed '1d;$d'
}

# When the main process was started, in microseconds since boot: another value is another process.
start_timestamp() { node_exec systemctl show -P ExecMainStartTimestampMonotonic "${1:-kube-apiserver}"; }

main_pid() { node_exec systemctl show -P MainPID kube-apiserver; }

# The API server's running command line, one argument a line.
running_flags() { node_exec cat "/proc/$(main_pid)/cmdline" | tr '\0' '\n'; }

# Everything that a run may touch: type, mode, owner, size, time of change, target, SHA-256, one line a path.
tree_digest() {
    # shellcheck disable=SC2016  # it expands on the node
    node_exec sh -c 'for tree in /etc /root /var/lib/aggbootstrap /var/lib/aggbootstrap-node; do
        [ -e "$tree" ] || continue
        find "$tree" -printf "%p %y %m %U:%G %s %T@ %l\n"
        find "$tree" -type f -exec sha256sum {} +
    done | sort'
}

# The same without times and directories' sizes, and without the state: what must be back after a failed change.
tree_contents() {
    # shellcheck disable=SC2016
    node_exec sh -c 'for tree in /etc /var/lib/aggbootstrap-node; do
        [ -e "$tree" ] || continue
        find "$tree" -printf "%p %y %m %U:%G %l\n"
        find "$tree" -type f -exec sha256sum {} +
    done | sort'
}
