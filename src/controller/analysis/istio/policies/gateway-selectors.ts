import { GATEWAY_NAME } from '../../../translate/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, hasTargetRefs, policySelector } from '../../subject/index.ts';

/** Selectors that mean the pods of a Gateway API's Gateway, which only takes targetRefs. */
export function* analyzeGatewaySelectors(mesh: AnalysedMesh): Iterable<Finding> {
  for (const kind of KINDS) {
    for (const object of mesh.of(kind)) {
      const selector = policySelector(object.spec);
      if (selector === undefined || hasTargetRefs(object.spec)) continue;
      const scope = object.namespace === mesh.settings.rootNamespace ? undefined : object.namespace;
      const gateways = mesh.workloads.select(scope, selector).flatMap(({ labels, namespace }) => {
        const name = labels.get(GATEWAY_NAME);
        return name === undefined ? [] : [`${namespace}/${name}`];
      });
      for (const gateway of new Set(gateways))
        yield finding(ISTIO.IneffectiveSelector, { object, path: ['spec', 'selector'] }, gateway);
    }
  }
}

const KINDS = [
  'security.istio.io/AuthorizationPolicy',
  'security.istio.io/RequestAuthentication',
  'telemetry.istio.io/Telemetry',
  'extensions.istio.io/WasmPlugin',
];
