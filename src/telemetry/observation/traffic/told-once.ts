import type { TrafficEdge } from '../../../model/index.ts';
import type { EdgeTally } from './traffic-history.ts';
import { endName } from './edge-ends.ts';

/**
 * The same traffic is counted by the client's node, by the server's, and by a waypoint between. Leaves of each only what nobody
 * knows better: a waypoint (it sees requests), then the client's node, then the server's for clients that no node reports.
 */
export function toldOnce(observed: readonly EdgeTally[]): readonly EdgeTally[] {
  /** What waypoints carried: for whom and to what they dialled, and to whom it went in the end. */
  const carried = new Set<string>();
  /** From whom to whom, as the client's side and waypoints say. */
  const reached = new Set<string>();
  for (const { edge } of observed) {
    if (edge.reporter === 'destination') continue;
    reached.add(pair(endName(edge.source), endName(edge.destination)));
    if (edge.reporter !== 'waypoint') continue;
    carried.add(pair(endName(edge.source), dialled(edge)));
    // The server's node sees the waypoint as the client.
    reached.add(pair(edge.waypoint, endName(edge.destination)));
  }
  return observed.filter(({ edge }) => {
    if (edge.reporter === 'waypoint') return true;
    if (edge.reporter === 'source')
      return edge.waypoint === '' || !carried.has(pair(endName(edge.source), dialled(edge)));
    return !reached.has(pair(endName(edge.source), endName(edge.destination)));
  });
}

/** What the client asked for: a service, or else a workload. */
function dialled({ service, destination }: TrafficEdge): string {
  return service === undefined
    ? endName(destination)
    : `service ${service.namespace}/${service.name}:${service.port}`;
}

function pair(from: string, to: string): string {
  return `${from}\n${to}`;
}
