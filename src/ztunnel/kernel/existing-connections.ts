import type { Logger } from '../../base/index.ts';
import { describeError } from '../../base/index.ts';
import { type EnrolmentPod, formatSocketAddress, type WorkloadUid } from '../../model/index.ts';
import {
  listTcpConnections,
  type NetNamespace,
  resetTcpConnections,
  type TcpConnection,
} from '../../net/index.ts';
import type { OlderConnection } from '../admin/dump-state.ts';

/** Connections that a pod had before it was enrolled: they stay plaintext, and no policy sees them. */
export interface ExistingConnections {
  /** Takes note of what is there. The function it returns resets them where the pod asks for that. */
  note(pod: EnrolmentPod, namespace: NetNamespace): () => void;
  /** Takes over what an earlier process noted. */
  adopt(pod: EnrolmentPod, namespace: NetNamespace, inodes: readonly number[]): void;
  /** Those of a pod that still live. */
  of(uid: WorkloadUid): readonly OlderConnection[];
  forget(uid: WorkloadUid): void;
  /** Socket inodes by pod, for the next process. */
  noted(): ReadonlyMap<WorkloadUid, readonly number[]>;
}

/** Never throws: what cannot be found out or done is logged. */
export function createExistingConnections(log: Logger): ExistingConnections {
  const known = new Map<WorkloadUid, { namespace: NetNamespace; inodes: ReadonlySet<number> }>();

  /** Not knowing them, or failing to end them, must not keep a pod out of the mesh. */
  function attempt<T>(pod: EnrolmentPod, fallback: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      log.warn('existing connections not handled', { pod: pod.uid, error: describeError(error) });
      return fallback;
    }
  }

  return {
    note(pod, namespace) {
      const found = attempt(pod, [], () => listTcpConnections(namespace).filter(isOutside));
      known.set(pod.uid, { namespace, inodes: new Set(found.map(({ inode }) => inode)) });
      if (found.length > 0)
        log.info('connections older than enrolment', {
          pod: pod.uid,
          count: found.length,
          mode: pod.modes.existingConnections,
        });
      return () => {
        if (pod.modes.existingConnections === 'reset')
          attempt(pod, undefined, () => resetTcpConnections(namespace, found));
      };
    },
    adopt(pod, namespace, inodes) {
      known.set(pod.uid, { namespace, inodes: new Set(inodes) });
    },
    of(uid) {
      const entry = known.get(uid);
      if (entry === undefined || entry.inodes.size === 0) return [];
      try {
        return listTcpConnections(entry.namespace)
          .filter(({ inode }) => entry.inodes.has(inode))
          .map(({ local, remote }) => ({
            local: formatSocketAddress(local),
            remote: formatSocketAddress(remote),
          }));
      } catch (error) {
        log.debug('existing connections not listed', { pod: uid, error: describeError(error) });
        return [];
      }
    },
    forget: (uid) => known.delete(uid),
    noted: () => new Map([...known].map(([uid, { inodes }]) => [uid, [...inodes]])),
  };
}

/** What never leaves the pod is nobody's business; sockets that nobody holds (inode 0) cannot be told apart. */
function isOutside({ local, remote, inode }: TcpConnection): boolean {
  return inode !== 0 && local.address !== remote.address;
}
