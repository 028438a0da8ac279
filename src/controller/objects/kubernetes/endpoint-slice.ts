import { type IpAddress, tryParseIpAddress } from '../../../model/index.ts';
import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** An EndpointSlice. */
export interface EndpointSliceObject {
  readonly kind: 'EndpointSlice';
  readonly meta: ObjectMeta;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** A port that all endpoints of the slice have. */
export interface EndpointPort {
  /** The service port's name, undefined where the slice gives none. */
  readonly name: string | undefined;
  /** The endpoint's own port. Undefined: all. */
  readonly port: number | undefined;
  readonly protocol: string;
}

/** One endpoint; `target` is the pod behind it, where there is one. */
export interface SliceEndpoint {
  readonly addresses: readonly IpAddress[];
  /** Unset counts as ready. */
  readonly ready: boolean;
  readonly target: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
}

/** What is no IP address is a fault; a slice of names (FQDN) has endpoints without addresses. */
export function parseEndpointSlice(root: Field, defaultNamespace: string): EndpointSliceObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const addressType = root.key('addressType').required().oneOf(['IPv4', 'IPv6', 'FQDN']) ?? 'IPv4';
  return {
    kind: 'EndpointSlice',
    meta,
    addressType,
    ports: root
      .key('ports')
      .items()
      .map((field) => ({
        name: field.object().key('name').text(),
        port: field.key('port').integer({ minimum: 1, maximum: 65535 }),
        protocol: field.key('protocol').text() ?? 'TCP',
      })),
    endpoints: root
      .key('endpoints')
      .items()
      .map((field) => parseEndpoint(field.object(), { addressType, namespace: meta.namespace })),
  };
}

function parseEndpoint(
  field: Field,
  slice: { readonly addressType: string; readonly namespace: string },
): SliceEndpoint {
  const target = field.key('targetRef').object();
  return {
    addresses: field
      .key('addresses')
      .required()
      .items()
      .flatMap((item) => {
        const text = item.text();
        if (text === undefined || slice.addressType === 'FQDN') return [];
        const address = tryParseIpAddress(text);
        if (address === undefined) item.issue('an IP address');
        return address === undefined ? [] : [address];
      }),
    ready: field.key('conditions').object().key('ready').boolean() ?? true,
    target: target.present
      ? {
          kind: target.key('kind').text() ?? '',
          namespace: target.key('namespace').text() ?? slice.namespace,
          name: target.key('name').text() ?? '',
        }
      : undefined,
  };
}
