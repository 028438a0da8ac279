import { isDeepStrictEqual } from 'node:util';
import type { RateLimit, RateLimitRule, RequestLimit } from '../../model/index.ts';
import { type ConditionTest, compileConditions } from '../admission/request-condition.ts';
import type { WaypointError } from '../errors.ts';
import { createKeyTable, type KeyTable } from './key-table.ts';
import { compileLimitKey, type LimitKey } from './limit-key.ts';
import { type TokenBucket, tokenBucket } from './token-bucket.ts';

/** A RateLimit ready for use, with the counts that it has come to. */
export interface CompiledRateLimit {
  readonly source: RateLimit;
  /** `<namespace>/<name>`. */
  readonly policy: string;
  readonly rules: readonly CompiledRule[];
}

/** One rule of it. */
export interface CompiledRule {
  readonly source: RateLimitRule;
  /** Its place in the object, from 0. */
  readonly index: number;
  readonly holds: ConditionTest;
  readonly limits: readonly CompiledLimit[];
}

/** One limit with its buckets. */
export interface CompiledLimit {
  readonly source: RequestLimit;
  /** Which limit of which rule, within its object. */
  readonly id: string;
  readonly bucket: TokenBucket;
  readonly keyOf: LimitKey;
  /** Its buckets, or those that are known of a server's. */
  readonly table: KeyTable;
}

/** What is kept of before, and how much is kept at all. */
export interface CompileOptions {
  /** What was in force of the object: limits that stay as they are keep their counts. */
  readonly previous: CompiledRateLimit | undefined;
  readonly maximumKeys: number;
  /** Expressions that are not RE2. */
  readonly problems: WaypointError[];
}

/** A rule whose expression is none holds for nothing, and is among `problems`. */
export function compileRateLimit(source: RateLimit, options: CompileOptions): CompiledRateLimit {
  const { previous, maximumKeys, problems } = options;
  // Counts of a server and counts of this process say different things.
  const kept = isDeepStrictEqual(previous?.source.shared, source.shared) ? previous : undefined;
  const known = new Map(kept?.rules.flatMap(({ limits }) => limits.map((limit) => [limit.id, limit])));
  return {
    source,
    policy: `${source.namespace}/${source.name}`,
    rules: source.rules.map((rule, index) => ({
      source: rule,
      index,
      holds: compileConditions(rule.conditions, problems),
      limits: rule.limits.map((limit, place) => {
        const id = `${rule.name}/${place + 1}`;
        const before = known.get(id);
        if (before !== undefined && isDeepStrictEqual(before.source, limit)) return before;
        return {
          source: limit,
          id,
          bucket: tokenBucket(limit),
          keyOf: compileLimitKey(limit.per),
          table: createKeyTable(maximumKeys),
        };
      }),
    })),
  };
}
