export type { ApiAddress, ApiQuery, Dial } from './api-address.ts';
export { type ApiClient, createApiClient } from './api-client.ts';
export { askHttp, type HttpAnswer } from './http-ask.ts';
export type { LiveFeed } from './live-feed.ts';
