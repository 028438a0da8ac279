import type { Logger } from '../../../base/index.ts';
import type { MeshCollections } from '../../collections/index.ts';
import type { SinkQueue } from '../../sink/index.ts';
import { createWarnings } from './warn-once.ts';

/**
 * Tells once, in the log and by an event on the pod, which pods claim the address of a pod on another node: that node has been
 * taken over, or the network hands out addresses twice. Returns what stops it.
 */
export function warnOfForeignAddresses(
  { foreignAddresses }: Pick<MeshCollections, 'foreignAddresses'>,
  sink: Pick<SinkQueue, 'recordEvent'>,
  log: Pick<Logger, 'warn'>,
): () => void {
  const warnings = createWarnings(sink);
  return foreignAddresses.changes.subscribe((keys) => {
    for (const key of keys) {
      const [namespace = '', name = ''] = key.split('/', 2);
      const [loss] = foreignAddresses.get(key) ?? [];
      const about = { kind: 'Pod', namespace, name };
      if (loss === undefined) {
        warnings.tell(about, undefined);
        continue;
      }
      const { address, holder, holderNode } = loss;
      log.warn("pod claims another's address; connections to it go to the other", {
        pod: key,
        address,
        holder,
        holderNode,
      });
      // Whoever reads a namespace's events need not know the pods of others.
      const message = `${address} is the address of a pod on ${holderNode}: connections to it do not go to this pod, those to its Services do`;
      warnings.tell(about, { reason: 'AddressOfAnother', message });
    }
  });
}
