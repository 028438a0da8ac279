export { runBasicEcho } from './basic-server.ts';
export type { BasicEchoOptions } from './basic-options.ts';
