import { type Service, type ServiceKey, serviceKey, type WaypointResource } from '../../model/index.ts';
import type { ResourceStore } from '../resources/resource-store.ts';
import type { TargetPlan } from './target-plan.ts';
import type { PlanTarget } from './plan-target.ts';

/** Makes the plan of a target out of all that may hold for it. `service` is the one that the target names. */
export type CompilePlan = (
  target: PlanTarget,
  resources: readonly WaypointResource[],
  service: Service | undefined,
) => TargetPlan;

/** Plans by target: made when first asked for after a change, and kept until the next one that concerns them. */
export interface PlanStore {
  /** Of a service as it is now, or of a pod. */
  planFor(dialled: { readonly service: Service | undefined; readonly port: number }): TargetPlan;
  /** Stops following the resources. */
  close(): void;
}

/** The plans of one service, of one version of it. */
interface ServicePlans {
  readonly service: Service | undefined;
  readonly byPort: Map<number, TargetPlan>;
}

/** Follows the resources until it is closed; compiles nothing that nobody asks for. */
export function createPlanStore(resources: ResourceStore, compile: CompilePlan): PlanStore {
  const byService = new Map<ServiceKey | undefined, ServicePlans>();
  const unsubscribe = resources.changes.subscribe(({ everything, services }) => {
    if (everything) byService.clear();
    else for (const service of services) byService.delete(service);
  });

  const plansOf = (key: ServiceKey | undefined, service: Service | undefined): ServicePlans => {
    const known = byService.get(key);
    if (known !== undefined && known.service === service) return known;
    const made: ServicePlans = { service, byPort: new Map() };
    byService.set(key, made);
    return made;
  };

  return {
    planFor({ service, port }) {
      const key = service && serviceKey(service.namespace, service.hostname);
      const { byPort } = plansOf(key, service);
      const known = byPort.get(port);
      if (known !== undefined) return known;
      const concerned = key === undefined ? resources.attachedToGateway() : resources.concerning(key);
      const plan = compile({ service: key, port }, concerned, service);
      // Of a pod, or a service that passes through, clients may dial any port.
      const [oldest] = byPort.keys();
      if (byPort.size >= MOST_PORTS && oldest !== undefined) byPort.delete(oldest);
      byPort.set(port, plan);
      return plan;
    },
    close: unsubscribe,
  };
}

/** Of one service; more than that are made again when they are asked for. */
const MOST_PORTS = 256;
