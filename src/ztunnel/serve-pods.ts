import type { EnrolmentPod, MeshView } from '../model/index.ts';
import type { ControllerClient } from '../proxy/index.ts';
import { createAgentPods } from './agent/index.ts';
import type { ZtunnelConfig } from './config/index.ts';
import {
  createNodeProbes,
  NO_NODE_PROBES,
  createPodNamespaces,
  createPodRedirection,
  createProcessNamespaces,
} from './kernel/index.ts';
import { createEnrolledPods, type ServedPods, type ServedPodsDeps } from './served-pods/index.ts';

/** The pods that this configuration means: those of Istio's agent where there is one, else those that our controller lists. */
export function createServedPods(
  config: ZtunnelConfig,
  deps: ServedPodsDeps & {
    readonly view: MeshView;
    readonly send: ControllerClient['report'];
    readonly isDeleted: (pod: EnrolmentPod) => boolean;
  },
): ServedPods {
  if (config.agentSocket !== undefined)
    return createAgentPods({
      ...deps,
      path: config.agentSocket,
      clusterId: config.mesh.clusterId,
      trustDomain: config.mesh.trustDomain,
      drainTimeoutMs: config.drainTimeoutMs,
    });
  return createEnrolledPods({
    ...deps,
    node: config.node,
    namespaces:
      config.hostProc === undefined
        ? createPodNamespaces(config.namespaceDirectory)
        : createProcessNamespaces({ proc: config.hostProc, clock: deps.clock }),
    redirection: createPodRedirection(config.sideBySide ? 'own' : 'istio'),
    probes:
      config.hostNetwork === undefined
        ? NO_NODE_PROBES
        : createNodeProbes({ ...config.hostNetwork, clock: deps.clock, log: deps.log }),
  });
}
