import { join } from 'node:path';
import type { NetNamespace } from '../../src/net/index.ts';
import { callPlugin, errorOf, podArguments } from './cni-plugin.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Where Debian's containernetworking-plugins are. */
const DEBIAN_PLUGINS = '/usr/lib/cni';

export interface ChainPod {
  readonly containerId: string;
  readonly netns: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface ChainResult {
  readonly ips: readonly { readonly address: string }[];
}

/** What a kubelet's container runtime does with a node's chain of plugins, as libcni does it. */
export interface CniChain {
  /** Resolves with the result; rejects with the error of the plugin that failed, after a DEL of the whole chain. */
  add(pod: ChainPod): Promise<ChainResult>;
  check(pod: ChainPod): Promise<void>;
  del(pod: ChainPod): Promise<void>;
  gc(valid: readonly ChainPod[]): Promise<void>;
}

export interface ChainOptions {
  /** The node's, where the first plugin makes ends of cables. */
  readonly node: NetNamespace;
  readonly plugin: string;
  readonly socket: string;
  /** Of the pods: `10.244.1.0/24`. */
  readonly subnet: string;
  readonly gateway: string;
  readonly rangeStart: string;
}

/** A bridge that makes the pod's network, and our plugin behind it. */
export function createChain(options: ChainOptions): CniChain {
  const { node, plugin, socket, subnet, gateway, rangeStart } = options;
  const network = { cniVersion: '1.0.0', name: 'k8s-pod-network' };
  const bridge = {
    ...network,
    type: 'bridge',
    bridge: 'br0',
    ipam: {
      type: 'host-local',
      dataDir: temporaryFolder('cni-ipam'),
      ranges: [[{ subnet, rangeStart, gateway }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const ours = { ...network, type: 'nodemesh-cni', socket, passNamespaces: ['kube-system'] };
  const results = new Map<string, unknown>();

  async function call(
    which: 'bridge' | 'ours',
    command: string,
    over: { readonly pod?: ChainPod; readonly config?: Readonly<Record<string, unknown>> },
  ): Promise<unknown> {
    const { pod } = over;
    const variables = {
      CNI_PATH: DEBIAN_PLUGINS,
      PATH: process.env.PATH,
      ...(pod === undefined
        ? { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_ARGS: undefined }
        : {
            CNI_CONTAINERID: pod.containerId,
            CNI_NETNS: pod.netns,
            CNI_IFNAME: 'eth0',
            CNI_ARGS: podArguments(pod.namespace, pod.name, pod.uid),
          }),
    };
    const program = which === 'bridge' ? join(DEBIAN_PLUGINS, 'bridge') : plugin;
    const config = { ...(which === 'bridge' ? bridge : ours), ...over.config };
    const result = await callPlugin(program, { command, variables, config }, node);
    if (result.code === 0) return result.stdout === '' ? undefined : JSON.parse(result.stdout);
    const { code, msg, details } = errorOf(result);
    throw new Error(`${which} ${command}: ${code}: ${msg} (${details})${result.stderr}`);
  }

  async function del(pod: ChainPod): Promise<void> {
    const previous = results.get(pod.containerId);
    const config = previous === undefined ? {} : { prevResult: previous };
    await call('ours', 'DEL', { pod, config });
    await call('bridge', 'DEL', { pod, config });
    results.delete(pod.containerId);
  }

  return {
    async add(pod) {
      try {
        const first = await call('bridge', 'ADD', { pod });
        const last = await call('ours', 'ADD', { pod, config: { prevResult: first } });
        results.set(pod.containerId, last);
        return last as ChainResult;
      } catch (error) {
        await del(pod);
        throw error;
      }
    },
    async check(pod) {
      const prevResult = results.get(pod.containerId);
      await call('ours', 'CHECK', { pod, config: { prevResult } });
    },
    del,
    async gc(valid) {
      const listed = valid.map(({ containerId }) => ({ containerID: containerId, ifname: 'eth0' }));
      await call('ours', 'GC', { config: { 'cni.dev/valid-attachments': listed } });
    },
  };
}
