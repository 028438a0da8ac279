export { runBasicEcho } from './basic-server.ts';
export type { BasicEchoOptions, PodContext } from './basic-options.ts';
