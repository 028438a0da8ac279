import { createHash } from 'node:crypto';
import { createSignal, describeError, type Logger, type Signal } from '../../base/index.ts';
import { type KubernetesApi, resourceType } from '../kubernetes/index.ts';
import type { ObjectSource } from '../sources/index.ts';

/** The ConfigMap by which replicas tell one another, and the source that hears of it. */
export interface RecordNewsOptions {
  readonly api: Pick<KubernetesApi, 'patch'>;
  /** Of the ConfigMap with the mesh's roots. */
  readonly namespace: string;
  readonly name: string;
  readonly source: Pick<ObjectSource, 'events'>;
  readonly log: Logger;
}

/**
 * By it replicas tell one another that the authority's record is another: an annotation of the ConfigMap of roots, which each
 * of them watches anyway. That takes no right to watch Secrets. What is not heard is found by looking, a few seconds later.
 */
export interface RecordNews {
  /** With the fingerprint of the record that somebody has written. */
  readonly heard: Signal<string>;
  /** Without waiting, and without effect where there is no such ConfigMap yet. */
  tell(record: string): void;
  stop(): void;
}

/** `tell` waits for nothing and never throws. The caller stops it. */
export function createRecordNews(options: RecordNewsOptions): RecordNews {
  const { namespace, name, log } = options;
  const heard = createSignal<string>();
  let last: string | undefined;
  const stop = options.source.events.subscribe((events) => {
    for (const event of events) {
      if (event.type !== 'upsert' || event.object.kind !== 'ConfigMap') continue;
      const { meta } = event.object;
      if (meta.name !== name || meta.namespace !== namespace) continue;
      const told = meta.annotations.get(ANNOTATION);
      if (told === undefined || told === last) continue;
      last = told;
      heard.emit(told);
    }
  });
  return {
    heard,
    tell(record) {
      const body = { metadata: { annotations: { [ANNOTATION]: recordFingerprint(record) } } };
      options.api
        .patch({ resource: CONFIG_MAPS, namespace, name }, { type: 'merge', body })
        .catch((error: unknown) =>
          log.debug('no news of the authority told', { error: describeError(error) }),
        );
    },
    stop,
  };
}

/** Tells one record from another, and nothing of what is in it. */
export function recordFingerprint(record: string): string {
  return createHash('sha256').update(record).digest('hex').slice(0, 32);
}

const ANNOTATION = 'nodemesh.io/authority-record';
const CONFIG_MAPS = resourceType('v1', 'configmaps', true);
