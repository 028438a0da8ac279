export { type AdvancedEchoOptions, runAdvancedEcho } from './advanced-server.ts';
export { type BasicEchoOptions, runBasicEcho } from './basic-server.ts';
export { type EchoClientOptions, runEchoClient } from './client.ts';
export { canonicalHeaders, canonicalName } from './header-names.ts';
export { builtInImages } from './images.ts';
