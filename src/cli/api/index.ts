export type { ApiAddress, ApiQuery } from './api-address.ts';
export { type ApiClient, createApiClient } from './api-client.ts';
export { type ApiOptions, dashboardOf, openApi, withApiOptions } from './api-options.ts';
export type { LiveFeed } from './live-feed.ts';
