import { causeOf } from '../../base/index.ts';
import { XdsError } from '../errors.ts';

/** Why a stream is no more: the values of the label `reason` of `istio_xds_connection_terminations_total`. */
export type TerminationReason = 'ConnectionError' | 'Error' | 'Reconnect' | 'Complete';

/** How a stream ended. */
export interface Termination {
  readonly reason: TerminationReason;
  /** Undefined for `Complete`. */
  readonly error: Error | undefined;
}

/** A stream that ended without an error is complete; the others are told apart by their code. */
export function terminationOf(error: unknown): Termination {
  if (error === undefined) return { reason: 'Complete', error: undefined };
  const code = causeOf(error, XdsError)?.code;
  const known = error instanceof Error ? error : new Error(String(error));
  if (code === 'ERR_XDS_CONNECT') return { reason: 'ConnectionError', error: known };
  if (code === 'ERR_XDS_RECONNECT') return { reason: 'Reconnect', error: known };
  return { reason: 'Error', error: known };
}
