import type { RefusalView, ServicePort, TrafficEnd } from '../../model/index.ts';

/** `shop/cart`; outside of the mesh the address. */
export function formatEnd(end: TrafficEnd): string {
  return end.namespace === '' ? end.workload || 'unknown' : `${end.namespace}/${end.workload}`;
}

/** `shop/payments:8080`. */
export function formatService(service: ServicePort): string {
  return `${service.namespace}/${service.name}:${service.port}`;
}

/** A SPIFFE ID without its trust domain, as people say it: `shop/sa/cart`. Anything else as it is. */
export function shortIdentity(identity: string): string {
  const parts = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return parts === null ? identity : `${parts[1]}/sa/${parts[2]}`;
}

/** Which rule decided: `shop/payments-from-cart, rule 2`; without a policy the reason. */
export function formatRule(refusal: Pick<RefusalView, 'policy' | 'rule' | 'reason'>): string {
  if (refusal.policy === '') return refusal.reason;
  return refusal.rule === 0
    ? `${refusal.policy}, no rule matched`
    : `${refusal.policy}, rule ${refusal.rule}`;
}

/** Where it was going, by the name that was dialled. */
export function formatTarget(refusal: Pick<RefusalView, 'service' | 'destination' | 'dialled'>): string {
  if (refusal.service !== undefined) return formatService(refusal.service);
  return refusal.destination.workload === '' ? refusal.dialled : formatEnd(refusal.destination);
}

/** The id that the topology has for this end. */
export function endId(end: TrafficEnd): string {
  return end.namespace === '' ? `outside/${end.workload}` : `workload/${end.namespace}/${end.workload}`;
}

/** The id that the topology has for this service. */
export function serviceId(service: { readonly namespace: string; readonly name: string }): string {
  return `service/${service.namespace}/${service.name}`;
}
