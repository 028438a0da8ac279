export { runAdvancedEcho } from './advanced-server.ts';
export type { AdvancedEchoOptions } from './advanced-options.ts';
