export { type BasicEchoOptions, type PodContext, runBasicEcho } from './basic-server.ts';
