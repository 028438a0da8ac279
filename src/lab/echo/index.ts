export { type AdvancedEchoOptions, runAdvancedEcho } from './advanced/index.ts';
export { type BasicEchoOptions, runBasicEcho } from './basic/index.ts';
export { type EchoClientOptions, runEchoClient } from './client/index.ts';
export { canonicalHeaders, canonicalName } from './http/index.ts';
export { builtInImages } from './images.ts';
