import { connectTunnelSession } from '../../../src/tunnel-protocol/endpoint/client-session.ts';
import { createTunnelServer } from '../../../src/tunnel-protocol/endpoint/server.ts';
import { connectNodeTunnelSession } from '../peers/node-http2/client-session.ts';
import { createNodeTunnelServer } from '../peers/node-http2/server.ts';
import type { Implementation } from './tunnel-pair.ts';

export const nodeHttp2: Implementation = {
  name: 'node:http2',
  connect: connectNodeTunnelSession,
  serve: createNodeTunnelServer,
};

export const ownHttp2: Implementation = {
  name: 'own HTTP/2',
  connect: connectTunnelSession,
  serve: createTunnelServer,
};

/** Own with own is what runs; each with node:http2 shows that others understand it. */
export const implementations: readonly Implementation[] = [
  ownHttp2,
  { name: 'own client, node:http2 server', connect: connectTunnelSession, serve: createNodeTunnelServer },
  { name: 'node:http2 client, own server', connect: connectNodeTunnelSession, serve: createTunnelServer },
  nodeHttp2,
];
