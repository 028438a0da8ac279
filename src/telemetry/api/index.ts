export { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';
export type { Facts, ServiceFacts, WaypointFacts, WorkloadFacts } from './facts.ts';
export { openApiDocument } from './openapi/document.ts';
export { proxyStateOf } from './proxy-state.ts';
export { readTokenFile } from './token-file.ts';
