import { formatAuthority } from '../../model/index.ts';
import type { EndpointSliceObject } from '../objects/index.ts';

/**
 * Where the other replicas are: the endpoints of the controller's Service but the one that is this pod. Also those that are
 * not ready count: whoever still serves streams must hear of pods.
 */
export function otherControllers(
  slices: Iterable<EndpointSliceObject>,
  own: { readonly namespace: string; readonly instance: string },
): readonly string[] {
  const found = new Set<string>();
  for (const { meta, ports, endpoints } of slices) {
    if (meta.namespace !== own.namespace || meta.labels.get(SERVICE_NAME) !== SERVICE) continue;
    const port = ports.find(({ name }) => name === PORT_NAME)?.port;
    if (port === undefined) continue;
    for (const { addresses, target } of endpoints) {
      const [address] = addresses;
      if (address !== undefined && target?.name !== own.instance) found.add(formatAuthority(address, port));
    }
  }
  return [...found];
}

const SERVICE_NAME = 'kubernetes.io/service-name';
const SERVICE = 'nodemesh-controller';
/** Of the port for proxies. */
const PORT_NAME = 'grpc';
