import { type IpAddress, tryParseIpAddress } from '../../../model/index.ts';
import type { Field } from '../fields/index.ts';
import type { LabelSelector } from '../label-selector.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A Service: what clients name, and what selects its pods. */
export interface ServiceObject {
  readonly kind: 'Service';
  readonly meta: ObjectMeta;
  readonly type: string;
  /** Undefined: it selects no pods, its EndpointSlices are written by somebody else. */
  readonly selector: LabelSelector | undefined;
  /** Empty for a headless one. */
  readonly clusterAddresses: readonly IpAddress[];
  readonly ports: readonly ServicePort[];
  readonly ipFamilies: readonly ('IPv4' | 'IPv6')[];
  readonly publishNotReadyAddresses: boolean;
  readonly internalTrafficPolicy: string;
  readonly trafficDistribution: string;
  /** The types of the conditions that its status carries. */
  readonly conditionTypes: readonly string[];
}

/** A port that clients dial. */
export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol: string;
  /** A port of the pod, a name of one, or undefined: the same as `port`. */
  readonly targetPort: number | string | undefined;
}

/** Without a selector it selects nothing: its endpoints come from slices alone. */
export function parseService(root: Field, defaultNamespace: string): ServiceObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').object();
  const selector = spec.key('selector').textMap();
  return {
    kind: 'Service',
    meta,
    type: spec.key('type').text() ?? 'ClusterIP',
    selector: selector.size === 0 ? undefined : selector,
    clusterAddresses: parseClusterAddresses(spec),
    ports: spec.key('ports').items().flatMap(parseServicePort),
    ipFamilies: spec
      .key('ipFamilies')
      .items()
      .flatMap((item) => item.oneOf(FAMILIES) ?? []),
    publishNotReadyAddresses: spec.key('publishNotReadyAddresses').boolean() ?? false,
    internalTrafficPolicy: spec.key('internalTrafficPolicy').text() ?? 'Cluster',
    trafficDistribution: spec.key('trafficDistribution').text() ?? '',
    conditionTypes: root
      .key('status')
      .object()
      .key('conditions')
      .items()
      .flatMap((condition) => condition.object().key('type').text() ?? []),
  };
}

/** `clusterIPs`, or `clusterIP` alone; `None` stands for a headless service. */
function parseClusterAddresses(spec: Field): readonly IpAddress[] {
  const listed = spec.key('clusterIPs').items();
  return (listed.length > 0 ? listed : [spec.key('clusterIP')]).flatMap((field) => {
    const text = field.text() ?? '';
    if (text === '' || text === 'None') return [];
    const address = tryParseIpAddress(text);
    if (address === undefined) field.issue('an IP address or None');
    return address === undefined ? [] : [address];
  });
}

function parseServicePort(field: Field): readonly ServicePort[] {
  const port = field.object().key('port').required().integer(PORTS);
  const target = field.key('targetPort');
  const targetPort =
    typeof target.value === 'string' && !/^\d+$/.test(target.value)
      ? target.text()
      : typeof target.value === 'string'
        ? parseTextPort(target)
        : target.integer({ minimum: 0, maximum: 65535 });
  if (port === undefined) return [];
  return [
    {
      name: field.key('name').text() ?? '',
      port,
      protocol: field.key('protocol').text() ?? 'TCP',
      appProtocol: field.key('appProtocol').text() ?? '',
      targetPort: targetPort === 0 || targetPort === '' ? undefined : targetPort,
    },
  ];
}

/** People quote numbers; the API server would look for a container port with that name and find none. */
function parseTextPort(field: Field): undefined {
  field.issue('a port number without quotes, or the name of a container port');
  return undefined;
}

const FAMILIES = ['IPv4', 'IPv6'] as const;
const PORTS = { minimum: 1, maximum: 65535 };
