import type { Clock } from '../../../base/index.ts';
import type { HttpResponse } from '../../../http/index.ts';
import { parseRetryAfter } from '../../upstream/sending/retry-after.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** What goes into the wait before a retry. */
export interface RetryDelayOptions {
  readonly policy: Pick<RetryPolicy, 'backoffMs' | 'maximumBackoffMs'>;
  /** Which retry it is, from 1. */
  readonly retry: number;
  /** The answer that is not good enough, where there was one. */
  readonly response: HttpResponse | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Milliseconds: at least the backoff (Gateway API, retry.backoff), and at random up to twice that, four times, eight times,
 * so that clients which failed together do not come back together. What a backend asks for itself (Retry-After) is waited
 * for too, as far as the longest backoff goes.
 */
export function retryDelayMs({ policy, retry, response, clock, random }: RetryDelayOptions): number {
  const { backoffMs, maximumBackoffMs } = policy;
  const ceilingMs = Math.min(backoffMs * 2 ** retry, maximumBackoffMs);
  const delayMs = backoffMs + random() * (ceilingMs - backoffMs);
  const askedMs = parseRetryAfter(response?.headers.get('retry-after'), clock.now()) ?? 0;
  return Math.max(delayMs, Math.min(askedMs, maximumBackoffMs));
}
