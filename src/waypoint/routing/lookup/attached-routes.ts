import { type Route, type Service, serviceKey } from '../../../model/index.ts';

/** Routes of one service port by the clients that they are for. */
export interface AttachedRoutes<R extends Route> {
  readonly producer: readonly R[];
  /** By the namespace of their clients. */
  readonly consumers: ReadonlyMap<string, readonly R[]>;
}

/** Those of `routes` that have the service's port among their parents. */
export function attachedRoutes<R extends Route>(
  routes: readonly R[],
  service: Service,
  port: number,
): AttachedRoutes<R> {
  const key = serviceKey(service.namespace, service.hostname);
  const producer: R[] = [];
  const consumers = new Map<string, R[]>();
  for (const route of routes) {
    const isAttached = route.parents.some(
      (parent) => parent.service === key && (parent.port === undefined || parent.port === port),
    );
    if (!isAttached) continue;
    const list = route.namespace === service.namespace ? producer : consumers.get(route.namespace);
    if (list === undefined) consumers.set(route.namespace, [route]);
    else list.push(route);
  }
  return { producer, consumers };
}
