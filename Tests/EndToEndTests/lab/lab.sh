# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A lab of real control-plane nodes on this machine. Each node is a systemd container (PID 1 is systemd, with sshd) in
# its own network namespace; a bridge in one more namespace joins them, and that is where an operator sits. Nothing is
# added to the host's network, and a node's root tree is an overlay in memory: every lab_up begins with fresh nodes.
#
# Sourced; needs root. LAB_ID names this lab: several run side by side.

LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/aggbootstrap-lab
LAB_BASE=$LAB_CACHE/base-bookworm-3
LAB_RUN=${LAB_RUN:-/run/agglab}   # one directory a lab; gone after a reboot, as the namespaces are
LAB_FAMILIES=4             # 6: the nodes and the operator have IPv6 addresses alone; 46: they have both
LAB_SUBNET=192.168.123
LAB_SUBNET6=fd00:192:168:123:
NODE=1                     # the node that the functions below mean

# The first five as in the procedure that is replaced here, from .250 on; more than that from .6 on.
lab_number() { echo $(($1 > 5 ? $1 : 249 + $1)); }
lab_address4() { echo "$LAB_SUBNET.$(lab_number "${1:-$NODE}")"; }
lab_address6() { echo "$LAB_SUBNET6:$(lab_number "${1:-$NODE}")"; }

# The address that a node is known by, and the same as it stands in a URL.
lab_address() { if [ "$LAB_FAMILIES" = 6 ]; then lab_address6 "$@"; else lab_address4 "$@"; fi; }
lab_host() { in_url "$(lab_address "$@")"; }
in_url() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }

# lab_addresses NUMBER: what has that number in the lab's networks, with their lengths.
lab_addresses() {
    case $LAB_FAMILIES in *4*) echo "$LAB_SUBNET.$1/24" ;; esac
    case $LAB_FAMILIES in *6*) echo "$LAB_SUBNET6:$1/64 nodad" ;; esac
}

# The nodes' root tree, made once: needs the network.
lab_base() {
    [ -e "$LAB_BASE/.complete" ] && return
    mkdir -p "$LAB_CACHE"
    (
        flock 9
        [ -e "$LAB_BASE/.complete" ] && exit
        echo "making the nodes' root tree $LAB_BASE"
        rm -rf "$LAB_BASE"
        debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,openssh-server,iproute2,ca-certificates,strace,faketime,sudo,python3 \
            bookworm "$LAB_BASE" >"$LAB_CACHE/base.log" 2>&1 || { tail "$LAB_CACHE/base.log"; exit 1; }
        lab_base_settings
        touch "$LAB_BASE/.complete"
    ) 9>"$LAB_CACHE/lock"
}

lab_base_settings() {
    rm -f "$LAB_BASE/etc/hostname"
    echo "127.0.0.1 localhost" >"$LAB_BASE/etc/hosts"
    : >"$LAB_BASE/etc/resolv.conf"
    useradd --root "$LAB_BASE" --system --shell /usr/sbin/nologin kube
    useradd --root "$LAB_BASE" --create-home --shell /bin/bash alice
    echo 'alice ALL=(root) NOPASSWD: ALL' >"$LAB_BASE/etc/sudoers.d/alice"
    chmod 440 "$LAB_BASE/etc/sudoers.d/alice"
    # What a container does not need only makes each boot longer.
    systemctl --root="$LAB_BASE" mask -q apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
        e2scrub_reap.service fstrim.timer getty.target console-getty.service systemd-logind.service systemd-pstore.service \
        systemd-update-utmp.service systemd-update-utmp-runlevel.service remote-fs.target 2>/dev/null
}

# lab_up N NAME=FILE...: boots N nodes; each FILE is on every node, read-only, as /usr/local/bin/NAME.
lab_up() {
    local count=$1 node binary owner=$BASHPID binds=()
    shift
    for binary in "$@"; do binds+=(--bind-ro="${binary#*=}:/usr/local/bin/${binary%%=*}"); done
    LAB=$LAB_RUN/$LAB_ID
    mkdir -p "$LAB"
    chmod 700 "$LAB_RUN" "$LAB"
    echo "$owner $(lab_process_start "$owner")" >"$LAB/owner"
    lab_inotify "$count"
    lab_bridge
    for node in $(seq "$count"); do lab_node_link "$node"; done
    for node in $(seq "$count"); do lab_node_boot "$node"; done
    for node in $(seq "$count"); do lab_node_wait "$node"; done
}

# A node's systemd takes up to 8 of the 128 inotify instances that Linux allows a user: with many nodes the limit is
# raised for the time of the lab.
lab_inotify() {
    local limit=/proc/sys/fs/inotify/max_user_instances wanted=$((64 + 16 * $1))
    [ "$1" -gt 10 ] && [ "$(<$limit)" -lt $wanted ] || return 0
    cp $limit "$LAB/inotify"
    echo $wanted >$limit
}

lab_namespace() { echo "agglab-$LAB_ID-$1"; }

lab_bridge() {
    local ops
    ops=$(lab_namespace ops)
    ip netns add "$ops"
    ip -n "$ops" link set lo up
    ip -n "$ops" link add br0 type bridge
    lab_add_addresses "$ops" br0 1
    ip -n "$ops" link set br0 up
}

lab_node_link() {
    local ops space
    ops=$(lab_namespace ops) space=$(lab_namespace "n$1")
    ip netns add "$space"
    ip -n "$ops" link add "v$1" type veth peer name host0 netns "$space"
    ip -n "$ops" link set "v$1" master br0 up
    ip -n "$space" link set lo up
    lab_add_addresses "$space" host0 "$(lab_number "$1")"
    ip -n "$space" link set host0 up
    case $LAB_FAMILIES in *4*) ip -n "$space" route add default via $LAB_SUBNET.1 ;; esac
    case $LAB_FAMILIES in *6*) ip -n "$space" route add default via $LAB_SUBNET6:1 ;; esac
}

# lab_add_addresses NAMESPACE DEVICE NUMBER
lab_add_addresses() {
    local words
    lab_addresses "$3" | while read -ra words; do ip -n "$1" addr add dev "$2" "${words[@]}"; done
}

lab_node_boot() {
    local name
    name=$(lab_namespace "n$1")
    (
        lab_own_cgroup "$name"
        scope=()
        # Where systemd runs the host, it must give the container's systemd a part of the control groups.
        [ -d /run/systemd/system ] && scope=(systemd-run -q --scope -p Delegate=yes --unit="$name")
        SYSTEMD_LOG_LEVEL=err exec setsid "${scope[@]}" systemd-nspawn -q -D "$LAB_BASE" --volatile=overlay \
            --network-namespace-path="/run/netns/$name" --boot --machine="$name" --console=pipe --keep-unit \
            --register=no "${binds[@]}" </dev/null >"$LAB/node$1.log" 2>&1
    ) &
    echo $! >"$LAB/node$1.nspawn"
}

# Two containers that began in the same control group would share it, and one's systemd would end the other's services.
lab_own_cgroup() {
    [ -d /run/systemd/system ] && return
    local mount
    for mount in $(lab_cgroup_mounts); do
        mkdir -p "$mount/$1"
        echo $BASHPID >"$mount/$1/cgroup.procs"
    done
}

lab_cgroup_mounts() { awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /name=systemd/) { print $2 }' /proc/mounts; }

lab_node_wait() {
    local init="" state=""
    for _ in $(seq 400); do
        init=$(lab_container_init "$(<"$LAB/node$1.nspawn")") && break
        sleep .05
    done
    [ -n "$init" ] || { cat "$LAB/node$1.log"; return 1; }
    echo "$init" >"$LAB/node$1.pid"
    for _ in $(seq 600); do
        state=$(NODE=$1 node_exec systemctl is-system-running 2>/dev/null || true)
        case $state in running | degraded) return ;; esac
        sleep .05
    done
    echo "node $1 did not boot: systemd is '$state'"
    cat "$LAB/node$1.log"
    return 1
}

# The container's init: below systemd-nspawn (and systemd-run) the process that is number 1 in its own namespace.
lab_container_init() {
    local pid=$1 child
    while child=$(pgrep -o -P "$pid"); do
        grep -qsE '^NSpid:.*[[:space:]]1$' "/proc/$child/status" && { echo "$child"; return; }
        pid=$child
    done
    return 1
}

lab_process_start() { awk '{ print $22 }' "/proc/$1/stat" 2>/dev/null; }

# Ends this lab, or what is left of it. Its control groups tell for certain what belongs to it, and nothing in a node is
# to be kept.
lab_down() {
    local space pids
    LAB=$LAB_RUN/$LAB_ID
    for space in /run/netns/agglab-"$LAB_ID"-*; do
        [ -e "$space" ] || continue
        lab_end_processes "${space##*/}"
        # What runs beside the nodes: extension servers, clients, an operator.
        mapfile -t pids < <(ip netns pids "${space##*/}" 2>/dev/null)
        [ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null || true
        ip netns del "${space##*/}" 2>/dev/null || true
    done
    [ ! -f "$LAB/inotify" ] || cat "$LAB/inotify" >/proc/sys/fs/inotify/max_user_instances
    rm -rf "$LAB"
}

# lab_end_processes NAME: ends what runs in the control groups of a node.
lab_end_processes() {
    local mount group pids
    [ ! -d /run/systemd/system ] || systemctl kill --signal=KILL "$1.scope" 2>/dev/null || true
    for mount in $(lab_cgroup_mounts); do
        group=$mount/$1
        for _ in $(seq 200); do
            [ -d "$group" ] || break
            mapfile -t pids < <(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)
            [ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null || true
            find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep .05
        done
    done
}

# Ends labs of runs that were killed before they could do it themselves.
lab_sweep() {
    local directory pid start
    for directory in "$LAB_RUN"/*/; do
        if [ -f "$directory/owner" ]; then
            read -r pid start <"$directory/owner"
            [ "$(lab_process_start "$pid")" = "$start" ] && continue
        elif [ -z "$(find "$directory" -maxdepth 0 -mmin +1 2>/dev/null)" ]; then
            continue # it is just being made
        fi
        LAB_ID=$(basename "$directory")
        echo "ending the lab $LAB_ID of a run that is gone"
        lab_down
    done
}

# node_exec CMD...: runs a command on the node, as root, with nothing on its standard input.
node_exec() {
    nsenter -t "$(<"$LAB/node$NODE.pid")" -a \
        env -i --chdir=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@" </dev/null
}

# node_file MODE PATH: writes standard input to a file on the node.
node_file() {
    mkdir -p "$(node_root)$(dirname "$2")"
    cat >"$(node_root)$2"
    chmod "$1" "$(node_root)$2"
}

node_root() { echo "/proc/$(<"$LAB/node$NODE.pid")/root"; }

# outside CMD...: runs a command where the operator sits, beside the nodes.
outside() { ip netns exec "$(lab_namespace ops)" "$@"; }
