import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const CLUSTER_DNS = '10.96.0.10';
export const POD_NETWORK = '10.244.0.0/16';

/** A node's number, from 1, says where it is. */
export interface NodePlace {
  readonly number: number;
  /** Of all nodes there are. */
  readonly count: number;
  /** On the network of nodes, of the machine that rules the cluster. */
  readonly controlPlane: string;
}

export interface NodeFiles {
  readonly folder: string;
  /** Kubeconfigs. */
  readonly kubelet: string;
  readonly proxy: string;
  /** Of `npm run build:cluster`. */
  readonly programs: string;
}

/** `10.244.1.0/24` of the first. */
export const podNetworkOf = (number: number): string => `10.244.${number}.0/24`;
/** Of the first `192.168.50.11`. */
export const nodeAddress = (number: number): string => `192.168.50.${10 + number}`;

/** Writes what a node's programs are told: support/node.sh starts them. */
export function writeNodeFiles({ number, count, controlPlane }: NodePlace, files: NodeFiles): void {
  const { folder } = files;
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  for (const name of ['opt/cni', 'etc/cni/net.d']) mkdirSync(join(folder, name), { recursive: true });
  cpSync(join(files.programs, 'cni'), join(folder, 'opt/cni/bin'), { recursive: true });
  const others = Array.from({ length: count }, (_, index) => index + 1).filter((other) => other !== number);
  write('address', nodeAddress(number));
  write(
    'network',
    [
      'ip link set lo up',
      `ip address add ${nodeAddress(number)}/24 dev eth0`,
      'ip link set eth0 up',
      `ip route add default via ${controlPlane}`,
      ...others.map((other) => `ip route add ${podNetworkOf(other)} via ${nodeAddress(other)}`),
      'sysctl -qw net.ipv4.ip_forward=1',
      '',
    ].join('\n'),
  );
  write('kubeconfig', files.kubelet);
  write('proxy-kubeconfig', files.proxy);
  write('etc/cni/net.d/10-pods.conflist', JSON.stringify(podNetworkConfig(number)));
  write('kubelet.json', JSON.stringify(KUBELET));
  write('kube-proxy.json', JSON.stringify(kubeProxyConfig(join(folder, 'proxy-kubeconfig'))));
  write('runc', RUNC);
  chmodSync(join(folder, 'runc'), 0o755);
  write('containerd.toml', containerdConfig(join(folder, 'runc')));
}

export function kubeProxyConfig(kubeconfig: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig },
    clusterCIDR: POD_NETWORK,
    // The machine's, not the node's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

/** What a node has before the mesh: a bridge, and addresses by the node. */
function podNetworkConfig(number: number): object {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: podNetworkOf(number) }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [{ type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true, ipam }],
  };
}

const NOTHING_TO_SPARE = Object.fromEntries(
  ['memory.available', 'nodefs.available', 'imagefs.available', 'nodefs.inodesFree'].map((signal) => [
    signal,
    '0%',
  ]),
);

const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  localStorageCapacityIsolation: false,
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  clusterDNS: [CLUSTER_DNS],
  clusterDomain: 'cluster.local',
  // The disk is the machine's, and others use it.
  imageGCHighThresholdPercent: 100,
  evictionHard: NOTHING_TO_SPARE,
  nodeStatusUpdateFrequency: '5s',
};

/** The pause image is there before the first pod: nothing is asked of a registry. */
const containerdConfig = (runc: string): string => `version = 3
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.internal.v1.tracing']
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${PAUSE_IMAGE}'
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'runc'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '${runc}'
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'
`;

export const PAUSE_IMAGE = 'localhost/pause:1';

/** A machine that may not tell the kernel whom to spare when memory is short runs containers without. */
const RUNC = `#!/bin/sh
wanted=
for word in "$@"; do
  if [ "$wanted" = bundle ] && [ $((0x$(sed -n 's/^CapEff:\\t//p' /proc/self/status) >> 24 & 1)) = 0 ]; then
    sed -i -E 's/"oomScoreAdj":-[0-9]+/"oomScoreAdj":0/' "$word/config.json"
  fi
  case $word in --bundle) wanted=bundle ;; *) wanted= ;; esac
done
exec runc "$@"
`;
