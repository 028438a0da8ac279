import type { ServiceKey, WaypointResource } from '../../model/index.ts';
import type { ResourceStore } from '../resources/resource-store.ts';
import type { TargetPlan } from './target-plan.ts';

/** What a plan is for. */
export interface PlanTarget {
  /** Undefined: a pod that was dialled by its own address. */
  readonly service: ServiceKey | undefined;
  readonly port: number;
}

/** Makes the plan of a target out of all that may hold for it. Pure. */
export type CompilePlan = (target: PlanTarget, resources: readonly WaypointResource[]) => TargetPlan;

/** Plans by target: made when first asked for after a change, and kept until the next one that concerns them. */
export interface PlanStore {
  planFor(target: PlanTarget): TargetPlan;
  /** Stops following the resources. */
  close(): void;
}

export function createPlanStore(resources: ResourceStore, compile: CompilePlan): PlanStore {
  const byService = new Map<ServiceKey | undefined, Map<number, TargetPlan>>();
  const unsubscribe = resources.changes.subscribe(({ everything, services }) => {
    if (everything) byService.clear();
    else for (const service of services) byService.delete(service);
  });
  return {
    planFor(target) {
      const { service, port } = target;
      let plans = byService.get(service);
      if (plans === undefined) {
        plans = new Map();
        byService.set(service, plans);
      }
      const known = plans.get(port);
      if (known !== undefined) return known;
      const concerned = service === undefined ? resources.attachedToGateway() : resources.concerning(service);
      const plan = compile(target, concerned);
      plans.set(port, plan);
      return plan;
    },
    close: unsubscribe,
  };
}
