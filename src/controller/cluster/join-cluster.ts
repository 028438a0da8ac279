import type { Clock, ClosableStack, Logger } from '../../base/index.ts';
import { followAuthority } from '../authority/index.ts';
import type { Mesh } from '../server/mesh.ts';
import type { Cluster } from './open-cluster.ts';
import { keepRootConfigMap, ROOT_CONFIG_MAP } from './root-config-map.ts';

/**
 * What a replica does once it serves: it keeps roots and authority in step with the cluster, and is a candidate. Closed
 * before everything else: the lease is given back first.
 */
export function joinCluster(
  mesh: Mesh,
  cluster: Cluster,
  parts: {
    /** What is wrong with the authority that is handed in. */
    readonly tell: (problem: string | undefined) => void;
    /** Why the roots cannot be written for those who are to trust the mesh. */
    readonly tellRoots: (problem: string | undefined) => void;
    readonly clock: Clock;
    readonly log: Logger;
  },
  owned: ClosableStack,
): void {
  const { api, namespace, instance, leadership, authority } = cluster;
  const { clock, log } = parts;
  const roots = owned.own(
    keepRootConfigMap({
      ...{ api, namespace, authority: mesh.authority, leadership, clock, log },
      tell(problem) {
        parts.tellRoots(problem);
        const configMap = { kind: 'ConfigMap', namespace, name: ROOT_CONFIG_MAP };
        mesh.sink.recordEvent({
          ...configMap,
          ...(problem === undefined
            ? { type: 'Normal', reason: 'RootsWritten', message: 'it has the roots of now' }
            : { type: 'Warning', reason: 'RootsNotWritten', message: problem }),
        });
      },
    }),
  );
  owned.own(
    followAuthority({
      ...authority,
      authority: mesh.authority,
      leadership,
      published: roots.hasRoots,
      acknowledged: () =>
        mesh.server.acknowledged(mesh.publisher.bundleChange(), { timeoutMs: ACKNOWLEDGEMENT_MS }),
      tell(problem) {
        parts.tell(problem);
        const pod = { kind: 'Pod', namespace, name: instance };
        mesh.sink.recordEvent({
          ...pod,
          ...(problem === undefined
            ? {
                type: 'Normal',
                reason: 'AuthorityAccepted',
                message: 'the authority that is handed in is good',
              }
            : { type: 'Warning', reason: 'AuthorityRefused', message: problem }),
        });
      },
      clock,
      log,
    }),
  );
  owned.own(leadership);
  leadership.start();
}

const ACKNOWLEDGEMENT_MS = 5_000;
