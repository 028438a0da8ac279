import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { type ConformanceTest, objectOf } from '../data/index.ts';
import { isAboutRoutes } from './status-assertions.ts';
import { isGatewayRef, isRoute, type Listener, listenersFor, parentRefsOf } from './service-parents.ts';

/**
 * Why a test says nothing about a mesh; undefined when it is to be run. `objects` are those that it applies and those that
 * stand already, as the data has them.
 */
export function reasonNotToRun(
  test: ConformanceTest,
  objects: readonly ManifestObject[],
): string | undefined {
  const byFeature = test.features.map(reasonOfFeature).find((reason) => reason !== undefined);
  if (byFeature !== undefined) return byFeature;
  if (test.profile === 'gateway') {
    const routes = objects.filter(isRoute);
    const byListener = routes
      .flatMap((route) => listenersOfRoute(route, objects))
      .map(reasonOfListener)
      .find((reason) => reason !== undefined);
    if (byListener !== undefined) return byListener;
    if (test.statusAssertions.some(({ args }) => JSON.stringify(args).includes('"NotAllowedByListeners"')))
      return 'allowedRoutes: a Service takes routes from every namespace, as consumer routes';
  }
  if (test.cases.some(({ request }) => request.needsTls)) return TLS_LISTENER;
  if (test.cases.length === 0 && !test.statusAssertions.some(isAboutRoutes))
    return 'it is about the status of a Gateway or GatewayClass alone';
  const open = test.cases.flatMap(({ unresolved }) => unresolved);
  if (open.length > 0) return `the data leaves open: ${[...new Set(open)].join(', ')}`;
  return undefined;
}

const TLS_LISTENER = 'TLS listener: what comes to a Service is not TLS that the mesh could end';

function reasonOfFeature(feature: string): string | undefined {
  return FEATURE_REASONS.find(([pattern]) => pattern.test(feature))?.[1];
}

const FEATURE_REASONS: readonly (readonly [RegExp, string])[] = [
  [/^UDPRoute/, 'UDPRoute: UDP is not captured'],
  [/^TLSRoute/, TLS_LISTENER],
  [/^BackendTLSPolicy/, 'BackendTLSPolicy: what leaves a waypoint is mutual TLS of the mesh already'],
  [/^ListenerSet/, 'ListenerSet: a Service has ports, no listeners'],
  [/^Gateway[A-Z]/, 'a feature of Gateways themselves: a Service has none of it'],
];

function reasonOfListener({ protocol, hostname }: Listener): string | undefined {
  if (protocol === 'HTTPS' || protocol === 'TLS') return TLS_LISTENER;
  if (hostname !== undefined) return 'listener hostname: a port of a Service has none';
  return undefined;
}

function listenersOfRoute(route: ManifestObject, objects: readonly ManifestObject[]): readonly Listener[] {
  return parentRefsOf(route)
    .filter(isGatewayRef)
    .flatMap((ref) => {
      const namespace = ref.namespace ?? route.metadata.namespace;
      const gateway = objects.find(
        ({ kind, metadata }) =>
          kind === 'Gateway' && metadata.name === ref.name && metadata.namespace === namespace,
      );
      return gateway === undefined ? [] : listenersFor(gateway, objectOf(ref));
    });
}
