import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Workload } from '../../../../src/model/index.ts';
import { createTwoNodes, type TwoNodes } from '../../support/two-nodes.ts';
import type { TestNode, TestPod } from '../../support/topology.ts';
import { type CachedPod, captureAsIstio, type CniAgent, startCniAgent } from './cni-agent.ts';

/** A pod of a node whose traffic an agent has captured, as an istiod tells of it. */
export interface CapturedPod {
  readonly uid: string;
  readonly pod: TestPod;
  readonly workload: Workload;
  readonly cached: CachedPod;
}

/** Two nodes with an agent each, under a control plane that knows no more than an istiod. */
export interface AgentMesh {
  readonly mesh: TwoNodes;
  readonly nodes: TwoNodes['topology']['nodes'];
  readonly agents: readonly [CniAgent, CniAgent];
  /** Captured, but neither in the agent's snapshots nor handed over yet. */
  addPod(node: TestNode, name: string, over?: Partial<Workload>): CapturedPod;
  /** A node proxy under the node's agent. */
  startProxy(node: TestNode): ReturnType<TwoNodes['startProxy']>;
  agentOf(node: TestNode): CniAgent;
}

export function withAgents(work: (t: Test, world: AgentMesh) => Promise<void>): (t: Test) => Promise<void> {
  return async (t) => {
    const mesh = await createTwoNodes({ stateFile: '' }, { istioTypesOnly: true });
    const { nodes } = mesh.topology;
    const socketOf = (node: TestNode): string => join(mesh.controller.directory, `${node.name}.sock`);
    const agents = [
      await startCniAgent(socketOf(nodes[0])),
      await startCniAgent(socketOf(nodes[1])),
    ] as const;
    const agentOf = (node: TestNode): CniAgent => agents[node === nodes[0] ? 0 : 1];
    let pods = 0;
    try {
      await work(t, {
        mesh,
        nodes,
        agents,
        agentOf,
        addPod(node, name, over = {}) {
          const { pod, workload } = mesh.addPod(node, name, { tunnelProtocol: 'hbone', ...over });
          captureAsIstio(pod);
          pods += 1;
          const { namespace, serviceAccount: account } = workload;
          const cached = { name, namespace, account, netns: `/run/netns/${pod.name}` };
          return { uid: `00000000-0000-4000-8000-00000000000${pods}`, pod, workload, cached };
        },
        startProxy: (node) => mesh.startProxy(node, { zdsSocket: socketOf(node) }),
      });
      t.notOk(
        agents.some(({ events }) => events.some(({ event }) => event === 'unasked')),
        'nothing was said without having been asked for',
      );
    } finally {
      await Promise.all(agents.map((agent) => agent.close()));
      await mesh.close();
    }
  };
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
