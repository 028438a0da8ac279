#!/bin/sh
# A node: process 1 of network, mount, process, cgroup and host name namespaces of its own, and what a node runs.
#   node.sh NAME FOLDER PROGRAMS IMAGES
# FOLDER has what the node keeps and says, and the configuration of each program. Ends when it is killed, and all of it with it.
set -eu
name=$1 folder=$2 programs=$3 images=$4
PATH=$programs:$PATH

cgroups=$(stat --file-system --format %T /sys/fs/cgroup)
hostname "$name"
mount --make-rshared /
mount -t proc proc /proc
mount -t sysfs sysfs /sys

# The root of this cgroup namespace is where the node's own processes are.
if [ "$cgroups" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  # No cgroup with processes may hand controllers on.
  mkdir -p /sys/fs/cgroup/init
  for process in $(cat /sys/fs/cgroup/cgroup.procs); do echo "$process" > /sys/fs/cgroup/init/cgroup.procs || true; done
  for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
  done
else
  mount -t tmpfs -o mode=755 cgroups /sys/fs/cgroup
  while IFS=: read -r number controllers path; do
    [ "$number" = 0 ] && continue
    place=/sys/fs/cgroup/${controllers#name=}
    mkdir -p "$place"
    mount -t cgroup -o "$controllers" cgroup "$place"
  done < /proc/self/cgroup
fi

# What a node has for itself where containers of this machine have only one of.
mount -t tmpfs -o mode=755 run /run
for own in etc/cni opt/cni var/lib/kubelet var/lib/containerd var/lib/cni var/log/pods var/log/containers; do
  mkdir -p "$folder/$own" "/$own"
  mount --bind "$folder/$own" "/$own"
done

# A kubelet sets these, and they are the whole machine's: it finds them as it wants them.
for setting in kernel/panic=10 kernel/panic_on_oops=1 vm/overcommit_memory=1 vm/panic_on_oom=0 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$folder/$(basename "${setting%=*}")
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done

# Whoever started this gives it the cable.
while ! ip link show eth0 > "$folder/eth0" 2>&1; do sleep 0.05; done
while read -r command; do
  sh -c "$command"
done < "$folder/network"

# Whoever ends one of these finds it started again, as on a node with systemd: NAME.pid has its number.
keep() {
  program=$1
  while :; do
    "$@" >> "$folder/$program.log" 2>&1 &
    echo $! > "$folder/$program.pid"
    wait $! || true
    sleep 0.2
  done
}

keep containerd --config "$folder/containerd.toml" &
while ! ctr --address /run/containerd/containerd.sock version > "$folder/ctr.log" 2>&1; do sleep 0.1; done
for image in "$images"/*.tar; do
  ctr --address /run/containerd/containerd.sock --namespace k8s.io images import "$image"
done
keep kubelet --config="$folder/kubelet.json" --kubeconfig="$folder/kubeconfig" --hostname-override="$name" \
  --node-ip="$(cat "$folder/address")" --cert-dir=/var/lib/kubelet/pki &
keep kube-proxy --config="$folder/kube-proxy.json" --hostname-override="$name" &
wait
