import { createHash, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { describeError } from '../../base/index.ts';
import { LabError } from '../errors.ts';
import {
  CONTROLLER_ADDRESSES,
  inNamespace,
  type NodeAddresses,
  type PodAddresses,
  type PodAddressPool,
} from '../network/index.ts';
import { type ManagedProcess, startManagedProcess } from './managed-process.ts';
import {
  CLUSTER_ID,
  CONTROLLER_NAME,
  CONTROLLER_PORT,
  MESH_NAMESPACE,
  type MeshContext,
  NODE_DASHBOARD_PORT,
  TRUST_DOMAIN,
} from './mesh-context.ts';
import { connectInNamespace, type NamespaceResponse, requestInNamespace } from './namespace-request.ts';
import { proxyPortOf } from './proxy-port.ts';
import { keepTokenFile, type TokenFile } from './tokens.ts';

/** A node as its ztunnel needs it. */
export interface ZtunnelNode {
  readonly name: string;
  readonly uid: string;
  readonly addresses: NodeAddresses;
  readonly pool: PodAddressPool;
}

/** How the newest generation does. */
export interface ZtunnelStatus {
  readonly generation: number;
  readonly pid: number | undefined;
  readonly ready: boolean;
  readonly restarts: number;
  readonly lastEnd: string | undefined;
  /** Where its metrics (15020) and readiness (15021) are; every pod of the lab reaches it. */
  readonly address: string;
  /** Older generations that still serve the connections they have. */
  readonly draining: number;
}

/** The ztunnel of one node. Like a DaemonSet's pod, each generation has a network namespace of its own. */
export interface NodeZtunnel {
  status(): Promise<ZtunnelStatus>;
  /** Ends the current process as a crash would; it is started again. */
  crash(): void;
  /** Ends it for as long as `resume` is not called: the node has no proxy then. */
  hold(): void;
  resume(): void;
  /** Starts a new generation beside the old one and, once it is ready, lets the old one drain. */
  upgrade(): Promise<ZtunnelStatus>;
  /** To the current generation's admin port, or to the one that serves metrics or readiness when the path is theirs. */
  admin(method: string, path: string, body: string): Promise<NamespaceResponse>;
  /** To the current generation's dashboard. Rejects with NetError. */
  connectDashboard(): Promise<Socket>;
  close(): void;
}

interface Generation {
  readonly number: number;
  readonly namespace: string;
  readonly link: string;
  readonly addresses: PodAddresses;
  readonly process: ManagedProcess;
  readonly token: TokenFile;
}

const READY_WITHIN_MS = 20_000;

/** Resolves when the first generation has been started, ready or not. */
export async function startNodeZtunnel(context: MeshContext, node: ZtunnelNode): Promise<NodeZtunnel> {
  let drainingCount = 0;
  let current = await startGeneration(context, node, 1);
  let upgrading: Promise<ZtunnelStatus> | undefined;

  const status = async (): Promise<ZtunnelStatus> => ({
    generation: current.number,
    pid: current.process.pid,
    ready: await isReady(current),
    restarts: current.process.restarts,
    lastEnd: current.process.lastEnd,
    address: current.addresses.ipv4,
    draining: drainingCount,
  });

  const drain = async (old: Generation): Promise<void> => {
    drainingCount += 1;
    const ended = old.process.retire();
    old.process.signal('SIGTERM');
    await ended;
    await removeGeneration(context, node, old);
    drainingCount -= 1;
  };

  const replace = async (): Promise<ZtunnelStatus> => {
    const next = await startGeneration(context, node, current.number + 1);
    if (!(await waitUntilReady(next))) {
      const ended = next.process.retire();
      next.process.signal('SIGKILL');
      await ended;
      await removeGeneration(context, node, next);
      throw new LabError({
        code: 'ERR_LAB_TIMEOUT',
        blame: 'local',
        message: `generation ${next.number} of the ztunnel on ${node.name} was not ready within ${READY_WITHIN_MS / 1_000} s; generation ${current.number} goes on`,
        hint: `its log: nodemesh lab logs ztunnel/${node.name}`,
      });
    }
    const old = current;
    current = next;
    drain(old).catch((error: unknown) =>
      context.log.error('old ztunnel not removed', { node: node.name, error: describeError(error) }),
    );
    return status();
  };

  return {
    status,
    crash: () => current.process.signal('SIGKILL'),
    hold: () => current.process.hold(),
    resume: () => current.process.resume(),
    upgrade() {
      upgrading ??= replace().finally(() => {
        upgrading = undefined;
      });
      return upgrading;
    },
    admin: (method, path, body) =>
      requestInNamespace({
        namespace: current.namespace,
        port: proxyPortOf(path),
        method,
        path,
        body,
        timeoutMs: 5_000,
      }),
    connectDashboard: () =>
      connectInNamespace({ namespace: current.namespace, port: NODE_DASHBOARD_PORT, timeoutMs: 5_000 }),
    close() {
      void current.process.retire();
      current.process.signal('SIGKILL');
      current.token.close();
    },
  };
}

/** One for all generations. No pod's log has such a name. */
export function ztunnelLogFile(node: string): string {
  return `_ztunnel_${node}.log`;
}

async function startGeneration(context: MeshContext, node: ZtunnelNode, number: number): Promise<Generation> {
  const addresses = node.pool.take();
  if (addresses === undefined) {
    throw new LabError({
      code: 'ERR_LAB_CONFLICT',
      blame: 'local',
      message: `node ${node.name} has no free address for its ztunnel`,
    });
  }
  const name = `ztunnel-${node.name}-${number}`;
  const namespace = `${MESH_NAMESPACE}.${name}`;
  const link = `z${createHash('sha256').update(namespace).digest('hex').slice(0, 12)}`;
  await context.network.createPod({
    namespace,
    nodeNamespace: node.name,
    node: node.addresses,
    link,
    addresses,
  });
  const tokenFile = join(context.paths.tokens, name);
  const token = await keepTokenFile(
    context.tokens,
    {
      namespace: MESH_NAMESPACE,
      serviceAccount: 'ztunnel',
      pod: { name, uid: randomUUID() },
      node: { name: node.name, uid: node.uid },
    },
    tokenFile,
    (error) => context.log.error('token not renewed', { node: node.name, error: describeError(error) }),
  );
  const process = startManagedProcess({
    name: `ztunnel ${node.name} generation ${number}`,
    command: inNamespace(namespace, ztunnelCommand(context, node.name, tokenFile)),
    environment: context.environment,
    logFile: join(context.paths.logs, ztunnelLogFile(node.name)),
    log: context.log,
  });
  return { number, namespace, link, addresses, process, token };
}

function ztunnelCommand(context: MeshContext, nodeName: string, tokenFile: string): readonly string[] {
  const { paths } = context;
  const [node = '', ...main] = context.program;
  return [
    node,
    // A third of the memory is saved at many connections, for the same CPU.
    '--max-semi-space-size=2',
    ...main,
    'ztunnel',
    ...['--node', nodeName],
    ...['--controller', `${CONTROLLER_ADDRESSES.ipv4}:${CONTROLLER_PORT}`],
    ...['--controller-name', CONTROLLER_NAME],
    ...['--root-cert-file', paths.rootCertificate],
    ...['--token-file', tokenFile],
    ...['--netns-dir', '/run/netns'],
    ...['--state-file', join(paths.run, `ztunnel-${nodeName}.state`)],
    ...['--trust-domain', TRUST_DOMAIN],
    ...['--cluster-id', CLUSTER_ID],
    ...['--svid-ttl', context.svidTtl],
    ...['--log-level', context.logLevel],
    ...['--log-format', 'text'],
    ...['--dashboard-url', context.dashboards.node(nodeName) ?? ''],
    ...(context.sideBySide ? ['--side-by-side'] : []),
    ...context.telemetryFlags,
  ];
}

async function removeGeneration(
  context: MeshContext,
  node: ZtunnelNode,
  generation: Generation,
): Promise<void> {
  generation.token.close();
  const { namespace, link, addresses } = generation;
  await context.network.deletePod({ namespace, link, nodeNamespace: node.name });
  node.pool.giveBack(addresses);
}

async function waitUntilReady(generation: Generation): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (await isReady(generation)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function isReady({ namespace }: Generation): Promise<boolean> {
  try {
    const path = '/healthz/ready';
    return (
      (await requestInNamespace({ namespace, port: proxyPortOf(path), path, timeoutMs: 1_000 })).status ===
      200
    );
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}
