export { type AdvancedEchoOptions, runAdvancedEcho } from './advanced-server.ts';
