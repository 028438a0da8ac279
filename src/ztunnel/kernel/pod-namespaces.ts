import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../base/index.ts';
import type { EnrolmentPod } from '../../model/index.ts';
import { type NetNamespace, openNamespace } from '../../net/index.ts';
import { ZtunnelError } from '../errors.ts';

/** Where pods' network namespaces are. */
export interface PodNamespaces {
  /** Rejects with ZtunnelError or NetError when there is none. The caller closes it. */
  open(pod: EnrolmentPod): Promise<NetNamespace>;
  /** Whether it still is that very namespace. Asked each second for each pod. */
  isCurrent(pod: EnrolmentPod, namespace: NetNamespace): Promise<boolean>;
}

/** As files of a folder, by name (lab). */
export function createPodNamespaces(directory: string): PodNamespaces {
  return {
    open: async (pod) => openNamespace(pathOf(directory, pod)),
    async isCurrent(pod, namespace) {
      try {
        const { dev, ino } = await stat(pathOf(directory, pod), { bigint: true });
        return dev === namespace.device && ino === namespace.inode;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT' || error instanceof ZtunnelError) return false;
        throw error;
      }
    },
  };
}

/** The name comes from an annotation, which must not lead out of the folder. */
function pathOf(directory: string, pod: EnrolmentPod): string {
  if (pod.netns !== '' && !pod.netns.includes('/') && !pod.netns.startsWith('.'))
    return join(directory, pod.netns);
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_POD_GONE',
    blame: 'upstream',
    message: `${pod.namespace}/${pod.name} has no usable network namespace name: ${JSON.stringify(pod.netns)}`,
  });
}
