import type { Logger } from '../../base/index.ts';
import { describeError } from '../../base/index.ts';
import type { EnrolmentPod, WorkloadUid } from '../../model/index.ts';
import {
  listTcpConnections,
  type NetNamespace,
  resetTcpConnections,
  type TcpConnection,
} from '../../net/index.ts';
import type { OlderConnection } from '../admin/dump-state.ts';
import { formatEndpoint } from '../connections/endpoint.ts';

/** Connections that a pod had before it was enrolled: they stay plaintext, and no policy sees them. */
export interface ExistingConnections {
  /** Takes note of what is there; where the pod asks for it, resets it instead. */
  note(pod: EnrolmentPod, namespace: NetNamespace): void;
  /** Those of a pod that still live. */
  of(uid: WorkloadUid): readonly OlderConnection[];
  forget(uid: WorkloadUid): void;
}

export function createExistingConnections(log: Logger): ExistingConnections {
  const noted = new Map<WorkloadUid, { namespace: NetNamespace; inodes: ReadonlySet<number> }>();
  return {
    note(pod, namespace) {
      try {
        const found = listTcpConnections(namespace).filter(isOutside);
        if (pod.modes.existingConnections === 'reset') {
          resetTcpConnections(namespace, found);
          return;
        }
        noted.set(pod.uid, { namespace, inodes: new Set(found.map(({ inode }) => inode)) });
        if (found.length > 0)
          log.info('connections older than enrolment', { pod: pod.uid, count: found.length });
      } catch (error) {
        // Not knowing them must not keep a pod out of the mesh.
        log.warn('existing connections not handled', { pod: pod.uid, error: describeError(error) });
      }
    },
    of(uid) {
      const entry = noted.get(uid);
      if (entry === undefined || entry.inodes.size === 0) return [];
      try {
        return listTcpConnections(entry.namespace)
          .filter(({ inode }) => entry.inodes.has(inode))
          .map(({ local, remote }) => ({ local: formatEndpoint(local), remote: formatEndpoint(remote) }));
      } catch (error) {
        log.debug('existing connections not listed', { pod: uid, error: describeError(error) });
        return [];
      }
    },
    forget: (uid) => noted.delete(uid),
  };
}

/** What never leaves the pod is nobody's business; sockets that nobody holds (inode 0) cannot be told apart. */
function isOutside({ local, remote, inode }: TcpConnection): boolean {
  return inode !== 0 && local.address !== remote.address;
}
