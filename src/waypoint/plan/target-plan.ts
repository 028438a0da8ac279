import type { HoldingObjects } from '../admission/holding-objects.ts';
import type { CompiledFault } from '../faults/compiled-fault.ts';
import type { HostedFilter } from '../filter/filter-host.ts';
import type { CompiledRateLimit } from '../rate-limit/compiled-limit.ts';
import type { PathNormalization } from '../../model/index.ts';
import type { AuthorizationPlan } from '../authorization/authorization-plan.ts';
import type { AuthenticationPlan } from '../authentication/authentication-plan.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { StreamRouteTable } from '../routing/stream-route-table.ts';
import type { TrafficPlan } from '../traffic/traffic-plan.ts';

/**
 * Everything that is configured for one service and port (or one pod), compiled when it changes and not when it is used.
 * Each part belongs to the layer of its name, which compiles it.
 */
export interface TargetPlan {
  readonly rateLimits: HoldingObjects<CompiledRateLimit>;
  readonly faults: HoldingObjects<CompiledFault>;
  readonly filters: HoldingObjects<HostedFilter>;
  readonly routes: RouteTable;
  readonly streams: StreamRouteTable;
  readonly traffic: TrafficPlan;
  readonly authentication: AuthenticationPlan;
  readonly authorization: AuthorizationPlan;
  readonly pathNormalization: PathNormalization;
}
