import type { Duplex } from 'node:stream';
import { MeshError } from '../../../base/index.ts';
import type { PodAccess } from '../../../controller/index.ts';
import type { Dial } from '../../api/index.ts';
import type { MeshPod } from './mesh-pods.ts';
import { explainRefusal } from './refusal.ts';

/** Finds a pod; `avoid`: one that did not answer. */
export type FindPod = (avoid?: string) => Promise<MeshPod>;

/**
 * Connections to one port of whichever pod plays a part in the mesh. The pod is looked for again, and another is taken where
 * there is one, when it cannot be reached or a connection to it breaks.
 */
export function dialerOf(pods: Pick<PodAccess, 'dial'>, find: FindPod, port: number): Dial {
  let current: Promise<MeshPod> | undefined;
  let failed: string | undefined;

  const choose = (): Promise<MeshPod> => {
    current ??= find(failed).catch((error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  };
  const forget = ({ name }: MeshPod): void => {
    current = undefined;
    failed = name;
  };

  async function dial(signal: AbortSignal | undefined, isLast: boolean): Promise<Duplex> {
    const pod = await choose();
    const { namespace, name } = pod;
    try {
      const stream = await pods.dial({ namespace, pod: name, port }, signal);
      stream.once('error', () => forget(pod));
      return stream;
    } catch (error) {
      forget(pod);
      if (!isLast && signal?.aborted !== true && mayPass(error)) return await dial(signal, true);
      throw explainRefusal(error, { right: 'get and create on pods/portforward', namespace });
    }
  }
  return (signal) => dial(signal, false);
}

/** A pod may be gone since it was found, and its node with it. */
function mayPass(error: unknown): boolean {
  return (
    error instanceof MeshError &&
    (error.code === 'ERR_KUBERNETES_NOT_FOUND' || error.code === 'ERR_KUBERNETES_UNREACHABLE')
  );
}
