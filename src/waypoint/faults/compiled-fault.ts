import type { FaultInjection } from '../../model/index.ts';
import type { ConditionTest } from '../admission/request-condition.ts';

/** A FaultInjection ready for use. */
export interface CompiledFault {
  readonly source: FaultInjection;
  /** `<namespace>/<name>`. */
  readonly policy: string;
  /** For each of its rules, in their order. */
  readonly holds: readonly ConditionTest[];
  /** Requests that it holds up now; counted on when the object changes. */
  readonly held: { count: number };
}
