import type { Clock } from '../../../base/index.ts';
import type { HttpResponse } from '../../../http/index.ts';
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
  const askedMs = parseRetryAfter(response?.headers.get('retry-after'), clock.now());
  return Math.max(delayMs, Math.min(askedMs, maximumBackoffMs));
}

/** Milliseconds from `nowMs` on; 0 where the field is missing or says nothing. RFC 9110 §10.2.3: seconds, or a date. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}
