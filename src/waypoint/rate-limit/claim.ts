import type { RequestContext } from '../request/request-context.ts';
import type { RequestFacts } from '../routing/request-facts.ts';
import type { CompiledLimit, CompiledRateLimit, CompiledRule } from './compiled-limit.ts';
import { OVERFLOW_KEY } from './key-table.ts';
import { type Take, takeOne } from './token-bucket.ts';

/** What a request takes of one bucket. */
export interface Claim {
  readonly object: CompiledRateLimit;
  readonly rule: CompiledRule;
  readonly limit: CompiledLimit;
  readonly key: string;
}

/** A claim with what has come of it. */
export interface Settled {
  readonly claim: Claim;
  readonly take: Take;
}

/** What a request takes of an object: of each limit of the first rule that is for it. */
export function claimsOn(
  object: CompiledRateLimit,
  facts: RequestFacts,
  context: Pick<RequestContext, 'client' | 'dialled'>,
  nowMs: number,
): readonly Claim[] {
  const rule = object.rules.find(({ holds }) => holds(facts, context.client));
  if (rule === undefined) return [];
  return rule.limits.map((limit) => ({
    object,
    rule,
    limit,
    key: limit.table.admit(limit.keyOf(facts, context), nowMs),
  }));
}

/** Takes all of them or, where one bucket is empty, none. */
export function settleHere(claims: readonly Claim[], nowMs: number): readonly Settled[] {
  const settled = claims.map((claim) => {
    const { bucket, table } = claim.limit;
    return { claim, take: takeOne(bucket, table.get(claim.key), nowMs) };
  });
  if (refusalIn(settled) !== undefined) return settled.map(notTaken);
  for (const { claim, take } of settled) noteTake(claim, take);
  return settled;
}

/** The buckets that had room keep it. */
function notTaken({ claim, take }: Settled): Settled {
  if (take.fullAtMs === undefined) return { claim, take };
  const { costMs } = claim.limit.bucket;
  const { remaining, fillMs } = take;
  return {
    claim,
    take: { fullAtMs: undefined, remaining: remaining + 1, waitMs: 0, fillMs: fillMs - costMs },
  };
}

/** Gives back what was taken, because the request is refused for another reason. */
export function giveBack(settled: readonly Settled[]): void {
  for (const { claim } of settled) {
    const { table, bucket } = claim.limit;
    const fullAtMs = table.get(claim.key);
    if (fullAtMs !== undefined) table.set(claim.key, fullAtMs - bucket.costMs);
  }
}

/** The one that has to wait longest of those that were refused. */
export function refusalIn(settled: readonly Settled[]): Settled | undefined {
  let longest: Settled | undefined;
  for (const one of settled)
    if (one.take.fullAtMs === undefined && one.take.waitMs > (longest?.take.waitMs ?? 0)) longest = one;
  return longest;
}

/** Keeps what a take has left in the bucket; a refused one takes nothing. */
export function noteTake({ limit, key }: Claim, { fullAtMs }: Take): void {
  if (fullAtMs !== undefined) limit.table.set(key, fullAtMs);
}

/** Whether it is of the bucket that all keys share which found no room. */
export function isOverflow({ key }: Claim): boolean {
  return key === OVERFLOW_KEY;
}
