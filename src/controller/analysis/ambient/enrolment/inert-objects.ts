import { objectKindOf } from '../../../objects/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** Objects that people bring from a mesh with sidecars, and that nothing here reads. */
export function* analyzeInertObjects(mesh: AnalysedMesh): Iterable<Finding> {
  for (const [kind, instead] of INSTEAD)
    for (const object of mesh.of(kind))
      if (objectKindOf(object.content) === undefined)
        yield finding(OWN.InertObject, { object }, object.kind, instead);
}

const INSTEAD: ReadonlyMap<string, string> = new Map([
  [
    'networking.istio.io/VirtualService',
    'an HTTPRoute or GRPCRoute with the Service as its parent takes its place',
  ],
  [
    'networking.istio.io/DestinationRule',
    'subsets become Services of their own, and the rest a TrafficPolicy',
  ],
  ['networking.istio.io/Gateway', "the Gateway API's Gateway takes its place"],
  ['networking.istio.io/ServiceEntry', 'what is outside the mesh is reached as if there were no mesh'],
  ['networking.istio.io/WorkloadEntry', 'workloads are pods'],
  ['networking.istio.io/WorkloadGroup', 'workloads are pods'],
  ['networking.istio.io/Sidecar', 'there are no sidecars whose configuration it could limit'],
  ['networking.istio.io/ProxyConfig', 'there are no sidecars to configure'],
  ['networking.istio.io/EnvoyFilter', 'there is no Envoy; a Filter of a waypoint takes TypeScript'],
  ['extensions.istio.io/WasmPlugin', 'a Filter of a waypoint takes TypeScript'],
]);
