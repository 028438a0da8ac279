import type { ParentReference, RouteObject } from '../../objects/index.ts';
import { type CheckedRoute, isSound } from './rules/check-rules.ts';
import { isServiceReference } from './route-references.ts';
import type { ServicePortFacts } from './service-facts.ts';

/**
 * Where two routes cannot both hold: calls of gRPC are HTTP requests, so that of a port's GRPCRoutes and HTTPRoutes only the
 * GRPCRoutes count (GEP-1426); and of several TCPRoutes, which have nothing to tell connections apart by, only the oldest
 * does. Routes of other namespaces hold for those namespaces' clients alone, so each namespace has claims of its own.
 */
export interface RouteClaim {
  readonly kind: 'GRPCRoute' | 'TCPRoute';
  /** Of the service and the namespace whose clients the claim is about. */
  readonly slot: string;
  readonly port: number | undefined;
  readonly sectionName: string | undefined;
  readonly createdMs: number;
  readonly name: string;
}

/** One for each Service among its parents; none of a route that is not sound. */
export function claimsOf(checked: CheckedRoute): readonly RouteClaim[] {
  const { object } = checked;
  const { kind, meta } = object;
  if ((kind !== 'GRPCRoute' && kind !== 'TCPRoute') || !isSound(checked)) return [];
  return object.parentRefs.filter(isServiceReference).map((parent) => ({
    kind,
    slot: claimSlot(object, parent),
    port: parent.port,
    sectionName: parent.sectionName,
    createdMs: meta.createdMs,
    name: meta.name,
  }));
}

/** Routes of one namespace for one service. */
export function claimSlot({ meta: { namespace } }: RouteObject, parent: ParentReference): string {
  return `${namespace}|${parent.namespace ?? namespace}/${parent.name}`;
}

/** Names a claim among all, but for its author: who asks whether a port is claimed has to know no more. */
export function claimKey({
  kind,
  slot,
  port,
  sectionName,
}: Pick<RouteClaim, 'kind' | 'slot' | 'port' | 'sectionName'>): string {
  return `${kind}|${slot}|${port ?? ''}|${sectionName ?? ''}`;
}

/** The keys of all claims of a kind that a port would meet. */
export function claimKeysFor(
  kind: RouteClaim['kind'],
  slot: string,
  { port, name }: ServicePortFacts,
): readonly string[] {
  const names = name === '' ? [undefined] : [undefined, name];
  return [undefined, port].flatMap((number) =>
    names.map((sectionName) => claimKey({ kind, slot, port: number, sectionName })),
  );
}

/** Whether `a` goes before `b`: the older, then the first by name (all of a slot are of one namespace). */
export function precedes(
  a: Pick<RouteClaim, 'createdMs' | 'name'>,
  b: Pick<RouteClaim, 'createdMs' | 'name'>,
): boolean {
  return a.createdMs === b.createdMs ? a.name < b.name : a.createdMs < b.createdMs;
}
