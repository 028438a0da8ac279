import { selects } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  nameOf,
  policySelector,
  type Workload,
} from '../../subject/index.ts';
import { gatewayName, gatewaysOf, virtualServices } from './route-parts.ts';

/** Rules that look at a token's claims where nobody verifies tokens. */
export function* analyzeJwtClaims(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of virtualServices(mesh)) {
    const claim = claimOf(object);
    if (claim === undefined) continue;
    for (const { name } of gatewaysOf(object)) {
      const reference = gatewayName(name, object.namespace);
      const gateway = mesh.get('networking.istio.io/Gateway', reference.namespace, reference.name);
      if (gateway === undefined) continue;
      for (const pod of mesh.workloads.select(undefined, gateway.spec.key('selector').textMap())) {
        if (verifiesTokens(mesh, pod)) continue;
        const at = { object, path: claim.path };
        const args = [claim.key, nameOf(gateway), nameOf(pod.object)];
        yield finding(ISTIO.JwtClaimBasedRoutingWithoutRequestAuthN, at, ...args);
      }
    }
  }
}

function claimOf({
  spec,
}: AnalysedObject): { readonly key: string; readonly path: readonly (string | number)[] } | undefined {
  for (const rule of spec.key('http').items()) {
    for (const match of rule.key('match').items()) {
      for (const [key, field] of [
        ...match.key('headers').entries(),
        ...match.key('withoutHeaders').entries(),
      ])
        if (/^@request\.auth\.claims[.[]/i.test(key)) return { key, path: field.path };
    }
  }
  return undefined;
}

function verifiesTokens(mesh: AnalysedMesh, { namespace, labels }: Workload): boolean {
  const kind = 'security.istio.io/RequestAuthentication';
  return [namespace, mesh.settings.rootNamespace]
    .flatMap((scope) => mesh.inNamespace(kind, scope))
    .some(({ spec }) => selects(policySelector(spec) ?? new Map(), labels));
}
