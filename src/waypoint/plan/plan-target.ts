import type { ServiceKey } from '../../model/index.ts';

/** What a plan is for. */
export interface PlanTarget {
  /** Undefined: a pod that was dialled by its own address. */
  readonly service: ServiceKey | undefined;
  readonly port: number;
}
