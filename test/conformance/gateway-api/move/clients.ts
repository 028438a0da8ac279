import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import {
  type ConformanceCase,
  type ConformanceTest,
  objectOf,
  type PodSelector,
  textOf,
} from '../data/index.ts';
import { isGatewayRef, isRoute, parentRefsOf } from './service-parents.ts';

/** In every namespace there is a pod with this label that sends the requests of moved tests. */
export const CLIENT_LABEL = 'gateway-conformance/client';

/** Who sends a case's request, and to which front. */
export interface Sender {
  readonly client: PodSelector;
  /** Undefined in the mesh profile, where the case names whom it dials. */
  readonly front: { readonly namespace: string; readonly name: string } | undefined;
}

/**
 * A route in the namespace of its parent is for all clients; any other is a consumer route, for clients of its own namespace
 * alone. So a moved case is sent from the namespace of a route: of several from the one that the expected backend is in, else
 * from the parent's.
 */
export function senderOf(
  test: ConformanceTest,
  conformanceCase: ConformanceCase,
  objects: readonly ManifestObject[],
): Sender {
  if (conformanceCase.client !== undefined) return { client: conformanceCase.client, front: undefined };
  const parents = objects.filter(isRoute).flatMap((route) =>
    parentRefsOf(route)
      .filter(isGatewayRef)
      .map((ref) => ({
        route: route.metadata.namespace ?? 'default',
        namespace: textOf(ref.namespace) ?? route.metadata.namespace ?? 'default',
        name: textOf(ref.name) ?? '',
      })),
  );
  const gateway = assertedGateway(test);
  const [parent = { route: 'default', namespace: 'default', name: '' }] = parents.filter(
    ({ name }) => gateway === undefined || name === gateway,
  );
  const namespaces = parents.filter(({ name }) => name === parent.name).map(({ route }) => route);
  const wanted = [conformanceCase.expect.namespace, parent.namespace].find(
    (namespace) => namespace !== undefined && namespaces.includes(namespace),
  );
  return {
    client: { namespace: wanted ?? parent.route, labels: `${CLIENT_LABEL}=true` },
    front: { namespace: parent.namespace, name: parent.name },
  };
}

/** The Gateway whose address the suite takes: the first that it waits for. */
function assertedGateway(test: ConformanceTest): string | undefined {
  const assertion = test.statusAssertions.find(({ assert }) => /^GatewayAnd\w+Accepted$/.test(assert));
  return assertion === undefined ? undefined : textOf(objectOf(assertion.args[0]).Name);
}
