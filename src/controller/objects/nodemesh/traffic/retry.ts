import type { RetryBudget, RetrySettings, Unset } from '../../../../model/index.ts';
import type { Field } from '../../fields/index.ts';
import { parseDuration } from '../duration.ts';
import { parseGrpcFailure } from '../grpc-failure.ts';

/** What is not said stays undefined: a wider policy, or the default, says it. */
export function parseRetry(field: Field): Unset<RetrySettings> {
  field.object(['attempts', 'codes', 'grpcCodes', 'nonIdempotent', 'backoff', 'maxBackoff', 'maxBodyBytes']);
  const backoffMs = parseDuration(field.key('backoff'), { minimum: '1ms', maximum: '1m' });
  const maximumBackoffMs = parseDuration(field.key('maxBackoff'), { minimum: '1ms', maximum: '10m' });
  // What is not said has its default.
  if ((backoffMs ?? 25) > (maximumBackoffMs ?? 250))
    field.issue('a backoff that is not longer than maxBackoff', 'a longer one');
  return {
    attempts: field.key('attempts').integer({ minimum: 0, maximum: 10 }),
    codes: parseCodes(field.key('codes'), 32, (item) => item.integer({ minimum: 400, maximum: 599 })),
    grpcCodes: parseCodes(field.key('grpcCodes'), 16, parseGrpcFailure),
    nonIdempotent: field.key('nonIdempotent').boolean(),
    backoffMs,
    maximumBackoffMs,
    maximumBodyBytes: field.key('maxBodyBytes').integer({ minimum: 0, maximum: 16_777_216 }),
  };
}

/** An empty list is something else than none: nothing is tried again by its status. */
function parseCodes(
  field: Field,
  most: number,
  parse: (item: Field) => number | undefined,
): readonly number[] | undefined {
  if (!field.present) return undefined;
  const codes = new Set<number>();
  for (const item of field.items(most)) {
    const code = parse(item.required());
    if (code === undefined) continue;
    if (codes.has(code)) item.issue('each code once');
    codes.add(code);
  }
  return [...codes];
}

/** In an object of ours, where what is not said may come from a wider policy. */
export function parseRetryConstraint(field: Field): Unset<RetryBudget> {
  field.object(['budget', 'minRetryRate']);
  const budget = field.key('budget').object(['percent', 'interval']);
  const rate = field.key('minRetryRate').object(['count', 'interval']);
  return {
    percent: budget.key('percent').integer({ minimum: 0, maximum: 100 }),
    intervalMs: parseDuration(budget.key('interval'), { minimum: '1s', maximum: '1h' }),
    minimumRetries: rate.key('count').integer({ minimum: 1, maximum: 1_000_000 }),
    minimumIntervalMs: parseDuration(rate.key('interval'), { minimum: '1ms', maximum: '1h' }),
  };
}
