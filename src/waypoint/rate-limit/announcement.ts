import type { Settled } from './claim.ts';

type Field = readonly [name: string, value: string];

/**
 * Tells the client where it stands (draft-ietf-httpapi-ratelimit-headers-10): how much of which limit is left, and when it
 * will be whole again. Only limits whose objects say so are told.
 */
export function announcementOf(settled: readonly Settled[]): readonly Field[] {
  const told = settled.filter(({ claim }) => claim.object.source.announced);
  if (told.length === 0) return [];
  const policies = told.map(({ claim }) => {
    const { burst, depthMs } = claim.limit.bucket;
    return `${nameOf(claim)};q=${burst};w=${seconds(depthMs)}`;
  });
  const left = told.map(
    ({ claim, take }) => `${nameOf(claim)};r=${take.remaining};t=${seconds(take.fillMs)}`,
  );
  return [
    ['ratelimit-policy', policies.join(', ')],
    ['ratelimit', left.join(', ')],
  ];
}

/** RFC 9110 §10.2.3: whole seconds, and never one at which it would be refused again. */
export function retryAfter(waitMs: number): Field {
  return ['retry-after', String(Math.max(1, seconds(waitMs)))];
}

/** RFC 9651 §3.3.3: names of objects and rules need no escaping. */
function nameOf({ object, limit }: Settled['claim']): string {
  return `"${object.source.name}/${limit.id}"`;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
