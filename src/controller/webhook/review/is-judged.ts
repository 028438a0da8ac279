import type { AdmissionRequest } from './admission-review.ts';

/** False for what goes away, for parts such as the status, and for changes of what no judgement depends on. */
export function isJudged({ operation, subresource, object, before }: AdmissionRequest): boolean {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  if (subresource !== '' || typeof object !== 'object' || object === null) return false;
  // The last finalizer must not be kept from going.
  const { metadata } = object as { readonly metadata?: { readonly deletionTimestamp?: unknown } | null };
  if (metadata?.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null) return false;
  return operation === 'CREATE' || before === undefined || essence(object) !== essence(before);
}

/** What a judgement depends on, as text: an update that leaves it as it was needs none. */
function essence(object: unknown): string {
  const { metadata, status: _, ...rest } = object as Readonly<Record<string, unknown>>;
  const { labels, annotations } = (
    typeof metadata === 'object' && metadata !== null ? metadata : {}
  ) as Readonly<Record<string, unknown>>;
  return JSON.stringify([rest, labels ?? {}, annotations ?? {}]);
}
