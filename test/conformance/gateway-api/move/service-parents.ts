import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { type JsonObject, listOf, objectOf, textOf } from '../data/index.ts';

/**
 * How tests of Gateways become tests of a mesh (GAMMA). Each Gateway becomes a Service of its name, the *front*, whose ports
 * are its listeners, by name and number. Routes keep everything but the kind of their parent: a sectionName then names a
 * port (Gateway API, ParentReference). A front selects no pod, so that what reaches a backend did so by a route.
 */
export function onServiceParents(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Gateway') return frontOf(object) ?? [];
    if (object.kind === 'GatewayClass') return [];
    return isRoute(object) ? [withServiceParents(object)] : [object];
  });
}

export function isRoute({ kind }: { readonly kind: string }): boolean {
  return kind.endsWith('Route');
}

/** A listener of a Gateway, as far as it can be a port of a Service. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: string | undefined;
}

export function listenersOf(gateway: ManifestObject): readonly Listener[] {
  return listOf(objectOf(gateway.spec).listeners)
    .map(objectOf)
    .map((listener) => ({
      name: textOf(listener.name) ?? '',
      port: Number(listener.port),
      protocol: textOf(listener.protocol) ?? '',
      hostname: textOf(listener.hostname),
    }));
}

/** The listeners that a parentRef of a route is about. */
export function listenersFor(gateway: ManifestObject, parentRef: JsonObject): readonly Listener[] {
  return listenersOf(gateway).filter(
    ({ name, port }) =>
      (parentRef.sectionName === undefined || parentRef.sectionName === name) &&
      (parentRef.port === undefined || parentRef.port === port),
  );
}

export function parentRefsOf(route: ManifestObject): readonly JsonObject[] {
  return listOf(objectOf(route.spec).parentRefs).map(objectOf);
}

export function isGatewayRef({ kind = 'Gateway' }: JsonObject): boolean {
  return kind === 'Gateway';
}

const APP_PROTOCOLS: Readonly<Record<string, string>> = { HTTP: 'http', TCP: 'tcp' };

/** Undefined when none of the listeners is one that a Service can have. */
function frontOf(gateway: ManifestObject): ManifestObject | undefined {
  const { name, namespace } = gateway.metadata;
  const ports = listenersOf(gateway).flatMap((listener) => {
    const appProtocol = APP_PROTOCOLS[listener.protocol];
    return appProtocol === undefined ? [] : [{ name: listener.name, port: listener.port, appProtocol }];
  });
  const distinct = ports.filter(
    ({ port }, index) => ports.findIndex((other) => other.port === port) === index,
  );
  if (distinct.length === 0) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    spec: { selector: { 'gateway-conformance/front': name }, ports: distinct },
  };
}

function withServiceParents(route: ManifestObject): ManifestObject {
  const parentRefs = parentRefsOf(route).map((ref) =>
    isGatewayRef(ref) ? { ...ref, group: '', kind: 'Service' } : ref,
  );
  return { ...route, spec: { ...objectOf(route.spec), parentRefs } };
}
