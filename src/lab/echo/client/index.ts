export { type EchoClientOptions, runEchoClient } from './echo-client.ts';
