import { connectNodeTunnelSession } from '../../../src/tunnel-protocol/node-http2/client-session.ts';
import { createNodeTunnelServer } from '../../../src/tunnel-protocol/node-http2/server.ts';
import type { Implementation } from './tunnel-pair.ts';

export const nodeHttp2: Implementation = {
  name: 'node:http2',
  connect: connectNodeTunnelSession,
  serve: createNodeTunnelServer,
};

export const implementations: readonly Implementation[] = [nodeHttp2];
