import type { Clock } from '../../base/index.ts';
import type { MeshView, Workload } from '../../model/index.ts';
import type { ConnectHttp } from './connections/http-connector.ts';
import type { DialEndpoint } from './dial/dial-endpoint.ts';
import type { UpstreamEvents } from './upstream-events.ts';

/** What sending needs of the world. */
export interface UpstreamDeps {
  readonly view: MeshView;
  /** The network that this waypoint is on. */
  readonly network: string;
  /** The waypoint's own workload; undefined while the mesh has not told of it. */
  self(): Workload | undefined;
  readonly dial: DialEndpoint;
  readonly connectHttp: ConnectHttp;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly events: UpstreamEvents;
  /** Idle connections in the whole process; the one that was used longest ago is closed for one more. */
  readonly maximumIdleConnections: number;
}
