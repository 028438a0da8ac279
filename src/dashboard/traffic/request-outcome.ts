import type { RequestView } from '../../model/index.ts';
import type { Health } from './health.ts';

/** What became of a request: an answer, a refusal by a rule or by design, a fault. */
export type Outcome = 'answered' | 'refused' | 'failed';

/** What became of it. An answer of the server's own is one, whatever it says, up to 499. */
export function outcomeOf({ status, grpcStatus, reason }: RequestView): Outcome {
  if (status >= 500) return 'failed';
  if (reason !== '') return 'refused';
  return grpcStatus !== undefined && grpcStatus !== 0 ? 'failed' : 'answered';
}

/** The colour of an outcome; an answer that says no is neither good nor bad. */
export function toneOfRequest(request: RequestView): Health {
  const outcome = outcomeOf(request);
  if (outcome !== 'answered') return outcome === 'refused' ? 'warn' : 'bad';
  return request.status < 400 ? 'good' : 'idle';
}
