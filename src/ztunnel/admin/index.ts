export { adminRoutes } from './admin-routes.ts';
export { configDump } from './config-dump.ts';
export type { DumpedPod, OlderConnection } from './dump-state.ts';
