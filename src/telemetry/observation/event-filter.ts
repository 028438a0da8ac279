import type { FlowRecord, RefusalView, TrafficEnd } from '../../model/index.ts';

/** Which events are wanted; what is absent restricts nothing. */
export interface EventFilter {
  readonly windowMs: number;
  /** `namespace`, or `namespace/name` of a workload; of a destination, of a service too. `/address` for what is outside of the mesh. */
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  /** Either end is in it. */
  readonly namespace?: string | undefined;
  readonly verdict?: FlowRecord['verdict'] | undefined;
  /** The newest ones. */
  readonly limit: number;
}

type Ends = Pick<RefusalView & FlowRecord, 'source' | 'destination' | 'service'>;

/** By the ends alone: `namespace` is that of either of them. */
export function matchesEnds(event: Ends, filter: Partial<EventFilter>): boolean {
  const { source, destination, namespace } = filter;
  return (
    (source === undefined || isNamed(event.source, source)) &&
    (destination === undefined || isDestination(event, destination)) &&
    (namespace === undefined || event.source.namespace === namespace || isDestination(event, namespace))
  );
}

function isDestination({ destination, service }: Ends, wanted: string): boolean {
  if (isNamed(destination, wanted)) return true;
  return (
    service !== undefined &&
    isNamed({ ...destination, namespace: service.namespace, workload: service.name }, wanted)
  );
}

function isNamed({ namespace, workload }: TrafficEnd, wanted: string): boolean {
  const slash = wanted.indexOf('/');
  if (slash === -1) return namespace === wanted;
  return namespace === wanted.slice(0, slash) && workload === wanted.slice(slash + 1);
}
