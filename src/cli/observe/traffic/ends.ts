import type { Rates, ServicePort, TrafficEnd } from '../../../model/index.ts';

/** One end of traffic in a word: `shop/cart`, or the address outside of the mesh. */
export function endName({ namespace, workload }: Pick<TrafficEnd, 'namespace' | 'workload'>): string {
  if (workload === '') return 'unknown';
  return namespace === '' ? workload : `${namespace}/${workload}`;
}

/** `shop/cart:8080`. */
export function serviceName({ namespace, name, port }: ServicePort): string {
  return `${namespace}/${name}:${port}`;
}

/** An identity without what all of a mesh have in common: `shop/sa/cart`; as it is when it is no SPIFFE ID of an account. */
export function shortIdentity(identity: string): string {
  const match = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return match === null ? identity : `${match[1]}/sa/${match[2]}`;
}

/** How busy: requests, or connections where nothing speaks HTTP. */
export function busyness({ requests, connects }: Rates): number {
  return requests > 0 ? requests : connects;
}

/** By code units: the same order on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
