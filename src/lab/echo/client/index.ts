export { runEchoClient } from './echo-client.ts';
export type { EchoClientOptions } from './client-options.ts';
