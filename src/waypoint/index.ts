export {
  resolveWaypointConfig,
  WAYPOINT_DEFAULTS,
  type WaypointConfig,
  type WaypointOptions,
} from './config/index.ts';
export { WAYPOINT_ERROR_CODES, type WaypointErrorCode } from './errors.ts';
export type {
  DumpedBackend,
  DumpedParent,
  DumpedRetry,
  DumpedRoute,
  DumpedRule,
} from './admin/dump-route.ts';
export { type AskedAttributes, askedAttributes } from './authorization/asked-attributes.ts';
export { createWaypointRehearsal } from './rehearsal/create-rehearsal.ts';
export type { RuleVerdict } from './rehearsal/judge-rules.ts';
export type {
  Answered,
  ConnectionRehearsal,
  Reached,
  RehearsalWorld,
  RehearsedGuards,
  RehearsedParties,
  RequestRehearsal,
  Unknowable,
  WaypointRehearsal,
} from './rehearsal/rehearsal.ts';
export type { DialledTarget, RequestClient } from './request/request-parties.ts';
export { filterText, targetText } from './admin/rule-text.ts';
export type { BackendDump, EndpointDump } from './upstream/endpoint-dump.ts';
export { createWaypoint, type Waypoint, type WaypointDeps } from './waypoint.ts';
