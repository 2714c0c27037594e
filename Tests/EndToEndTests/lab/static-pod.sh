# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Control planes whose kube-apiserver is a static pod: containerd, runc and a kubelet without a cluster in each node. Sourced
# after cluster.sh.

KUBELET=${KUBELET:-$LAB_CACHE/kubelet-v1.20.2}
POD_IMAGE=lab.local/pause:1

# Before cluster_up.
use_static_pods() {
    local file
    [ -x "$KUBELET" ] || skip "there is no $KUBELET: lab/build-kube-apiserver.sh makes it"
    PAUSE=$("$HERE/lab/build-go.sh" pause)
    NODE_PROGRAMS+=(kubelet="$KUBELET" runc="$LAB_CACHE/runc/usr/sbin/runc")
    for file in containerd containerd-shim-runc-v2 ctr; do NODE_PROGRAMS+=("$file=$LAB_CACHE/containerd/usr/bin/$file"); done
    main_pid() { node_exec pgrep -xo kube-apiserver; }
    start_timestamp() { node_exec sh -c "awk '{ print \$22 }' /proc/$(main_pid)/stat"; }
}

# static_pods_up N: boots N nodes and starts kube-apiserver on them as kubelet does, the first one before the others.
static_pods_up() {
    local node
    nodes_up "$1"
    pod_image "$PAUSE" >"$LAB/pause.tar"
    for node in $(seq "$1"); do NODE=$node pod_node_prepare; done
    NODE=1 node_exec systemctl start etcd
    for node in $(seq "$1"); do NODE=$node kubelet_start; done
    NODE=1 pod_start
    NODE=1 pod_ready
    for node in $(seq 2 "$1"); do NODE=$node pod_start; done
    for node in $(seq "$1"); do NODE=$node pod_ready; done
}

# What a container runtime needs of a node that is a container itself.
pod_node_prepare() {
    # shellcheck disable=SC2016  # it expands on the node
    node_exec sh -c 'for group in devices pids freezer cpu memory blkio cpuacct cpuset; do
            [ ! -d /sys/fs/cgroup/$group ] || mount -o remount,rw,bind /sys/fs/cgroup/$group
        done
        mount -t tmpfs -o size=2g tmpfs /var/lib
        mkdir -p -m 700 /var/lib/etcd; mkdir -p /var/lib/containerd /var/lib/kubelet /run/sysctl /etc/kubernetes/manifests /etc/containerd
        ln -sf /dev/null /dev/kmsg
        for pair in vm/overcommit_memory=1 kernel/panic=10 kernel/panic_on_oops=1; do
            file=/run/sysctl/$(echo ${pair%=*} | tr / _)
            echo ${pair#*=} >$file
            mount --bind $file /proc/sys/${pair%=*}
        done'
    rm "$(node_root)/etc/systemd/system/kube-apiserver.service"
    node_exec systemctl daemon-reload
    containerd_settings | node_file 644 /etc/containerd/config.toml
    kubelet_settings | node_file 644 /etc/kubernetes/kubelet.json
    node_exec systemd-run -q --unit=containerd -p Delegate=yes containerd
    wait_for 20 node_exec ctr version
    node_file 644 /run/pause.tar <"$LAB/pause.tar"
    node_exec ctr -n k8s.io images import /run/pause.tar >/dev/null
}

containerd_settings() {
    cat <<C
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$POD_IMAGE"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        NoNewKeyring = true
C
}

kubelet_settings() {
    local more
    # A kubelet before 1.24 takes its runtime from its command line, and does not know the newer settings.
    more='"featureGates": { "LocalStorageCapacityIsolation": false },'
    kubelet_is_old || more='"failCgroupV1": false, "localStorageCapacityIsolation": false,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",'
    cat <<C
{ "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", $more
  "staticPodPath": "/etc/kubernetes/manifests", "authentication": { "anonymous": { "enabled": true }, "webhook": { "enabled": false } },
  "authorization": { "mode": "AlwaysAllow" }, "cgroupDriver": "cgroupfs", "cgroupsPerQOS": false, "enforceNodeAllocatable": [],
  "failSwapOn": false, "fileCheckFrequency": "2s",
  "evictionHard": { "memory.available": "1Mi", "nodefs.available": "1Mi", "imagefs.available": "1Mi", "nodefs.inodesFree": "1" } }
C
}

kubelet_is_old() { [ "$("$KUBELET" --version | cut -d. -f2)" -lt 24 ]; }

kubelet_start() {
    local flags=()
    ! kubelet_is_old || flags=(--container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock)
    node_exec systemd-run -q --unit=kubelet -p Delegate=yes -p Restart=always kubelet --config=/etc/kubernetes/kubelet.json \
        --hostname-override="cp$NODE" "${flags[@]}"
}

# The static pod, or a changed one.
pod_start() {
    pod_manifest | node_file 600 /etc/kubernetes/manifests/.new
    node_exec mv /etc/kubernetes/manifests/.new /etc/kubernetes/manifests/kube-apiserver.json
}

POD_MOUNTS=()   # more directories of the node that the container sees, PATH or PATH:PATH-IN-THE-CONTAINER

pod_manifest() {
    api_flags | python3 -c '
import json, sys
image, mounts = sys.argv[1], [mount.partition(":") for mount in sys.argv[2:]]
flags = sys.stdin.read().split("\n")[:-1]
volumes = [{"name": f"v{i}", "hostPath": {"path": path}} for i, (path, _, _) in enumerate(mounts)]
inside = [{"name": f"v{i}", "mountPath": to or path, "readOnly": True} for i, (path, _, to) in enumerate(mounts)]
probe = {"httpGet": {"host": "127.0.0.1", "path": "/livez", "port": 6443, "scheme": "HTTPS"}, "failureThreshold": 8,
         "initialDelaySeconds": 10, "periodSeconds": 10, "timeoutSeconds": 15}
print(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "kube-apiserver", "namespace": "kube-system"},
    "spec": {"hostNetwork": True, "priorityClassName": "system-node-critical", "volumes": volumes, "containers": [
        {"name": "kube-apiserver", "image": image, "imagePullPolicy": "Never", "command": ["/host-bin/kube-apiserver", *flags],
         "livenessProbe": probe, "volumeMounts": inside}]}}))' \
        "$POD_IMAGE" /usr/local/bin:/host-bin "$NODE_CERTIFICATES" "${POD_MOUNTS[@]}"
}

pod_ready() {
    local deadline=$((SECONDS + 150))
    while [ $SECONDS -lt $deadline ]; do
        [ "$(api /readyz 2>/dev/null)" = ok ] && return
        sleep .5
    done
    echo "the static pod of node $NODE does not serve"
    node_exec journalctl -u kubelet -u containerd -n 30 --no-pager
    node_exec sh -c 'tail -n 20 /var/log/pods/*/*/*.log'
    return 1
}

# pod_image PROGRAM: an image with that program alone, as `docker save` writes it.
pod_image() {
    python3 - "$1" "$POD_IMAGE" <<'P'
import hashlib, io, json, sys, tarfile

def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()

layer = tar({"pause": (open(sys.argv[1], "rb").read(), 0o755)})
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/pause"]},
                     "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
manifest = json.dumps([{"Config": "config.json", "RepoTags": [sys.argv[2]], "Layers": ["layer.tar"]}]).encode()
sys.stdout.buffer.write(tar({"layer.tar": (layer, 0o644), "config.json": (config, 0o644), "manifest.json": (manifest, 0o644)}))
P
}
