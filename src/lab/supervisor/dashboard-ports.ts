import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { once } from 'node:events';
import { describeError, type Logger } from '../../base/index.ts';
import { openListener } from '../../net/index.ts';
import { LabError } from '../errors.ts';
import {
  CONTROLLER_DASHBOARD_PORT,
  CONTROLLER_NAMESPACE,
  connectInNamespace,
  type NodeZtunnel,
} from '../mesh/index.ts';
import type { SupervisorConfig } from '../state/index.ts';
import type { LabDashboards } from './lab.ts';

/** The dashboards of a lab, for the host. */
export interface DashboardPorts extends LabDashboards {
  close(): void;
}

/** A port of the host, behind which one dashboard inside the lab answers. */
interface DashboardPort {
  readonly url: string;
  close(): void;
}

/** The first descriptor after standard input, output and error. */
const FIRST_INHERITED = 3;

/**
 * Opens ports on the host's loopback, to be inherited by the supervisor, whose own namespace no browser of the host reaches.
 * Returns their descriptors, which the caller closes.
 */
export function openHostPorts(count: number): readonly number[] {
  return Array.from({ length: count }, () =>
    openListener(undefined, { address: '127.0.0.1', port: 0, mark: 0 }),
  );
}

/** How many ports a lab has on the host: one for the mesh, and one for each node. */
export function hostPortCount({ mesh, nodes }: Pick<SupervisorConfig, 'mesh' | 'nodes'>): number {
  return mesh ? 1 + nodes.length : 0;
}

/** Serves what `openHostPorts` opened for this supervisor. */
export async function serveDashboards(
  config: Pick<SupervisorConfig, 'mesh' | 'nodes'>,
  ztunnel: (node: string) => Pick<NodeZtunnel, 'connectDashboard'> | undefined,
  log: Logger,
): Promise<DashboardPorts> {
  if (!config.mesh) return { mesh: null, node: () => null, close: () => undefined };
  const mesh = await serveDashboardPort(
    FIRST_INHERITED,
    () =>
      connectInNamespace({
        namespace: CONTROLLER_NAMESPACE,
        port: CONTROLLER_DASHBOARD_PORT,
        timeoutMs: CONNECT_TIMEOUT_MS,
      }),
    log,
  );
  const nodes = new Map<string, DashboardPort>();
  for (const [index, { name }] of config.nodes.entries())
    nodes.set(
      name,
      // A node without a ztunnel (yet) makes the connection fail, not the port.
      await serveDashboardPort(
        FIRST_INHERITED + 1 + index,
        async () => {
          const proxy = ztunnel(name);
          if (proxy === undefined) throw notYet(name);
          return proxy.connectDashboard();
        },
        log,
      ),
    );
  return {
    mesh: mesh.url,
    node: (name) => nodes.get(name)?.url ?? null,
    close() {
      for (const port of [mesh, ...nodes.values()]) port.close();
    },
  };
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Serves one inherited descriptor: each connection goes to where `connect` leads at that moment. */
async function serveDashboardPort(
  fd: number,
  connect: () => Promise<Socket>,
  log: Logger,
): Promise<DashboardPort> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    // The pipelines tell of errors once there is an upstream; before that the end is all there is to do.
    client.on('error', () => client.destroy());
    connect().then(
      (upstream) => join(client, upstream),
      (error: unknown) => {
        log.debug('dashboard not reached', { error: describeError(error) });
        client.destroy();
      },
    );
  });
  server.listen({ fd });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function notYet(node: string): LabError {
  return new LabError({
    code: 'ERR_LAB_NOT_FOUND',
    blame: 'downstream',
    message: `node ${node} has no ztunnel (yet)`,
  });
}

function join(client: Socket, upstream: Socket): void {
  const end = (error: Error | null | undefined): void => {
    if (error === null || error === undefined) return;
    client.destroy();
    upstream.destroy();
  };
  pipeline(client, upstream, end);
  pipeline(upstream, client, end);
  client.resume();
}
