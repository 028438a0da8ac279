import type { WaypointResource } from '../../../model/index.ts';

/** What becomes of a RateLimit, FaultInjection or Filter. */
export interface AdmissionOutcome {
  /** Undefined: nothing of it is in force. */
  readonly resource: WaypointResource | undefined;
  readonly condition: AdmissionCondition;
}

/** The condition Accepted of such an object, in the words of the Gateway API. */
export interface AdmissionCondition {
  readonly status: 'True' | 'False';
  readonly reason: 'Accepted' | 'Invalid' | 'TargetNotFound';
  readonly message: string;
}

/** `effect` says what holds now. */
export function invalidCondition(effect: string, problems: readonly string[]): AdmissionCondition {
  return { status: 'False', reason: 'Invalid', message: `not valid, so ${effect}: ${problems.join('; ')}` };
}
