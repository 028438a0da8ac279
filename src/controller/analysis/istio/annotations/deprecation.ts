import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** Fields of Istio's objects that something else has taken the place of. */
export function* analyzeDeprecatedFields(mesh: AnalysedMesh): Iterable<Finding> {
  for (const { kind, fields } of DEPRECATED)
    for (const object of mesh.of(kind))
      for (const { field, shown, instead } of fields)
        yield* usesOf(object, field.split('.')).map((found) =>
          finding(
            ISTIO.Deprecated,
            { object, path: found.path },
            instead === '' ? `${shown} is deprecated` : `${shown} is deprecated; use ${instead}`,
          ),
        );
}

/** `[]` after a name: in each of its items. */
function usesOf({ spec }: AnalysedObject, names: readonly string[]): readonly Field[] {
  let found: readonly Field[] = [spec];
  for (const name of names) {
    found = name.endsWith('[]')
      ? found.flatMap((field) => field.key(name.slice(0, -2)).items())
      : found.map((field) => field.key(name));
  }
  return found.filter(({ present, value }) => present && value !== 0);
}

const DEPRECATED: readonly {
  readonly kind: string;
  readonly fields: readonly { readonly field: string; readonly shown: string; readonly instead: string }[];
}[] = [
  {
    kind: 'networking.istio.io/VirtualService',
    fields: [
      {
        field: 'http[].fault.delay.percent',
        shown: 'HTTPRoute.fault.delay.percent',
        instead: 'HTTPRoute.fault.delay.percentage',
      },
      {
        field: 'http[].mirrorPercent',
        shown: 'HTTPRoute.mirrorPercent',
        instead: 'HTTPRoute.mirrorPercentage',
      },
      {
        field: 'http[].mirror_percent',
        shown: 'HTTPRoute.mirror_percent',
        instead: 'HTTPRoute.mirrorPercentage',
      },
      {
        field: 'http[].corsPolicy.allowOrigin',
        shown: 'HTTPRoute.corsPolicy.allowOrigin',
        instead: 'HTTPRoute.corsPolicy.allowOrigins',
      },
    ],
  },
  {
    kind: 'networking.istio.io/DestinationRule',
    fields: [
      {
        field: 'trafficPolicy.outlierDetection.consecutiveErrors',
        shown: 'outlierDetection.consecutiveErrors',
        instead: 'outlierDetection.consecutive5xxErrors',
      },
      {
        field: 'trafficPolicy.loadBalancer.consistentHash.minimumRingSize',
        shown: 'consistentHash.minimumRingSize',
        instead: 'consistentHash.ringHash.minimumRingSize',
      },
    ],
  },
  {
    kind: 'networking.istio.io/Sidecar',
    fields: [
      { field: 'outboundTrafficPolicy.egressProxy', shown: 'OutboundTrafficPolicy.egressProxy', instead: '' },
    ],
  },
];
