import { formatAuthority } from '../../model/index.ts';
import type { Collection } from '../collections/index.ts';
import type { EndpointSliceObject } from '../objects/index.ts';

interface Own {
  readonly namespace: string;
  /** The name of this pod. */
  readonly instance: string;
}

/** Where the other replicas are, kept up to date. */
export interface OtherControllers {
  /** `host:port` of each. */
  current(): readonly string[];
  stop(): void;
}

/**
 * The endpoints of the controller's Service but the one that is this pod. Also those that are not ready count: whoever still
 * serves streams must hear of pods. Each report asks for them, so slices are looked at when they change.
 */
export function followOtherControllers(
  slices: Pick<Collection<EndpointSliceObject>, 'get' | 'entries' | 'changes'>,
  own: Own,
): OtherControllers {
  const bySlice = new Map<string, readonly string[]>();
  let current: readonly string[] = [];

  const note = (key: string, slice: EndpointSliceObject | undefined): void => {
    const addresses = slice === undefined ? [] : controllersIn(slice, own);
    if (addresses.length > 0) bySlice.set(key, addresses);
    else if (!bySlice.delete(key)) return;
    current = [...new Set([...bySlice.values()].flat())];
  };
  for (const [key, slice] of slices.entries()) note(key, slice);
  const stop = slices.changes.subscribe((keys) => {
    for (const key of keys) note(key, slices.get(key));
  });
  return { current: () => current, stop };
}

function controllersIn({ meta, ports, endpoints }: EndpointSliceObject, own: Own): readonly string[] {
  if (meta.namespace !== own.namespace || meta.labels.get(SERVICE_NAME) !== SERVICE) return [];
  const port = ports.find(({ name }) => name === PORT_NAME)?.port;
  if (port === undefined) return [];
  return endpoints.flatMap(({ addresses: [address], target }) =>
    address === undefined || target?.name === own.instance ? [] : [formatAuthority(address, port)],
  );
}

const SERVICE_NAME = 'kubernetes.io/service-name';
const SERVICE = 'nodemesh-controller';
/** Of the Service's port for proxies: slices have the names of its ports, not those of containers. */
const PORT_NAME = 'tcp-grpc';
