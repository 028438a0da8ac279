import { join } from 'node:path';
import {
  type EnrolmentPod,
  parseIpAddress,
  workloadIdentity,
  type Workload,
  type WorkloadUid,
} from '../../../src/model/index.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { type ChainPod, type CniChain, createChain } from '../../support/cni-chain.ts';
import { createTestNamespace } from '../../support/netns.ts';
import type { TestPod } from './topology.ts';
import type { TwoNodes } from './two-nodes.ts';
import { DEFAULT_MODES } from './pod-of.ts';

/** A pod that a kubelet is about to start: its sandbox has a network namespace, and nothing in it. */
export interface NewPod {
  readonly chainPod: ChainPod;
  readonly enrolment: EnrolmentPod;
  /** Runs the node's chain. Resolves with the pod, for programs to run in. */
  add(): Promise<TestPod>;
  /** What the controller tells once the kubelet has reported the pod's address. */
  workload(pod: TestPod): Workload;
  close(): void;
}

/** The first node of a mesh of two, with the real plugin in its chain. */
export interface CniNode {
  readonly socket: string;
  readonly chain: CniChain;
  newPod(name: string, over?: Partial<EnrolmentPod>): NewPod;
  close(): void;
}

export function createCniNode(mesh: TwoNodes, plugin: string): CniNode {
  const [node] = mesh.topology.nodes;
  const socket = join(mesh.controller.directory, 'node', 'cni.sock');
  const chain = createChain({
    node: node.netns.namespace,
    plugin,
    socket,
    subnet: '10.244.1.0/24',
    gateway: '10.244.1.1',
    rangeStart: '10.244.1.100',
  });
  const opened: NewPod[] = [];
  let count = 0;
  return {
    socket,
    chain,
    newPod(name, over = {}) {
      count += 1;
      const namespace = over.namespace ?? 'shop';
      const netns = createTestNamespace(`cni-${count}-${name}`);
      const kubernetesUid = over.kubernetesUid ?? `uid-${count}`;
      const enrolment: EnrolmentPod = {
        uid: `Kubernetes//Pod/${namespace}/${name}` as WorkloadUid,
        namespace,
        name,
        identity: workloadIdentity({ trustDomain: 'cluster.local', namespace, serviceAccount: name }),
        kubernetesUid,
        addresses: [],
        netns: '',
        heldBy: '',
        isNew: true,
        waypointBypass: 'count',
        accessLog: 'all',
        telemetry: undefined,
        modes: DEFAULT_MODES,
        ...over,
      };
      const chainPod: ChainPod = {
        containerId: `container-${count}`,
        netns: `/run/netns/${netns.name}`,
        namespace,
        name,
        uid: kubernetesUid,
      };
      const pod: NewPod = {
        chainPod,
        enrolment,
        async add() {
          const { ips } = await chain.add(chainPod);
          const [v4 = ''] = (ips[0]?.address ?? '').split('/');
          return { name: netns.name, node: node.name, netns, v4, v6: '' };
        },
        workload: ({ v4 }) =>
          makeWorkload({ name, namespace, node: node.name, addresses: [parseIpAddress(v4)] }),
        close: () => netns.close(),
      };
      opened.push(pod);
      return pod;
    },
    close() {
      for (const pod of opened) pod.close();
    },
  };
}
