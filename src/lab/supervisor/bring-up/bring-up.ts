import { join } from 'node:path';
import { describeError, type Logger } from '../../../base/index.ts';
import { createCluster, createEventRecorder, createObjectStore, mirrorObjects } from '../../cluster/index.ts';
import { builtInImages } from '../../echo/index.ts';
import { LabError } from '../../errors.ts';
import { startKubelet } from '../../kubelet/index.ts';
import {
  CONTROLLER_NAME,
  CONTROLLER_NAMESPACE,
  createTokenIssuer,
  type ManagedProcess,
  type NodeZtunnel,
  startController,
  startNodeZtunnel,
  waitForRootCertificate,
} from '../../mesh/index.ts';
import { CONTROLLER_ADDRESSES, createLabNetwork, startServiceProxy } from '../../network/index.ts';
import { startReconcilers } from '../../reconcilers/index.ts';
import { startClusterDns } from './cluster-dns.ts';
import { CLUSTER_DOMAIN, type SupervisorConfig } from '../../state/index.ts';
import type { BareLab, LabDashboards } from '../lab.ts';
import { nodeManifest, systemManifests } from './system-objects.ts';
import { createSteps } from './steps.ts';
import { makeDirectories } from './directories.ts';
import { meshContext } from './mesh-context.ts';
import { createNodes } from './nodes.ts';

const ROOT_CERTIFICATE_WITHIN_MS = 20_000;

/** Agents start side by side, so how long one takes grows with their number. */
const AGENT_BASE_MS = 10_000;
const AGENT_MS = 1_000;

/** Builds the lab from nothing, inside namespaces that are the supervisor's own. Resolves when pods can be run. */
export async function bringUpLab(
  config: SupervisorConfig,
  dashboards: LabDashboards,
  log: Logger,
): Promise<BareLab> {
  const directories = makeDirectories(config.stateDirectory);
  const steps = createSteps(config.mesh);
  const store = createObjectStore();
  const cluster = createCluster(store);
  const events = createEventRecorder(store);
  const files = mirrorObjects(store, directories.objects, directories.scratch);
  const reconcilers = startReconcilers(cluster, events, log);
  const network = createLabNetwork(config.environment);

  for (const manifest of systemManifests(config)) cluster.apply(manifest);
  const nodes = await steps.run('network', () => createNodes(config, network, log));
  await steps.run('node agents', () =>
    Promise.all(
      nodes.map(({ agent }) => within(agent.ready, AGENT_BASE_MS + nodes.length * AGENT_MS, 'a node agent')),
    ),
  );
  for (const { description, addresses } of nodes) cluster.apply(nodeManifest(description, addresses));
  const serviceProxy = startServiceProxy({
    store,
    nodes: nodes.map(({ description, addresses }) => ({ name: description.name, addresses })),
    environment: config.environment,
    log,
  });
  const dns = startClusterDns({
    store,
    agents: nodes.map(({ agent }) => agent),
    extra: {
      [`${CONTROLLER_NAME}.${CLUSTER_DOMAIN}`]: [CONTROLLER_ADDRESSES.ipv4, CONTROLLER_ADDRESSES.ipv6],
    },
  });
  const tokens = await createTokenIssuer();
  const kubelet = startKubelet(
    {
      cluster,
      events,
      network,
      images: builtInImages({
        program: config.program,
        directory: join(config.stateDirectory, 'bin'),
        path: config.environment.PATH ?? '',
      }),
      baseEnvironment: config.environment,
      logsDirectory: directories.logs,
      podsDirectory: directories.pods,
      tokens,
      resolvConfTarget: config.resolvConfTarget,
      clusterDomain: CLUSTER_DOMAIN,
      hasMesh: config.mesh,
      sideBySide: config.sideBySide,
      meshIsUp: () => steps.list().every(({ state }) => state === 'done'),
      endpointsSettled: async () => {
        dns.flush();
        files.flush();
        await serviceProxy.settled();
      },
      log,
    },
    nodes.map(({ description, addresses, pool, agent }) => ({
      name: description.name,
      addresses,
      pool,
      agent,
    })),
  );

  const ztunnels = new Map<string, NodeZtunnel>();
  let controller: ManagedProcess | undefined;
  const startMesh = async (): Promise<void> => {
    const context = meshContext({ config, directories, network, tokens, dashboards, log });
    await steps.run('controller', async () => {
      await network.createControllerNamespace(
        CONTROLLER_NAMESPACE,
        nodes.map(({ addresses }) => addresses),
      );
      controller = startController(context);
      if (!(await waitForRootCertificate(context.paths.rootCertificate, ROOT_CERTIFICATE_WITHIN_MS)))
        throw notStarted(
          `the controller wrote no root certificate (its last end: ${controller.lastEnd ?? 'none'})`,
        );
    });
    await steps.run('ztunnels', () =>
      Promise.all(
        nodes.map(async ({ description: { name }, addresses, pool }) => {
          const uid = store.get('Node', '', name)?.metadata.uid ?? name;
          ztunnels.set(name, await startNodeZtunnel(context, { name, uid, addresses, pool }));
        }),
      ),
    );
  };
  if (config.mesh) {
    startMesh().catch((error: unknown) => log.error('mesh not started', { error: describeError(error) }));
  }

  return {
    config,
    cluster,
    events,
    nodes,
    kubelet,
    log,
    controller: () => controller,
    ztunnels: () => ztunnels,
    ztunnel(node) {
      const found = ztunnels.get(node);
      if (found !== undefined) return found;
      const known = nodes.map(({ description }) => description.name);
      throw new LabError({
        code: 'ERR_LAB_NOT_FOUND',
        blame: 'downstream',
        message: known.includes(node) ? `node ${node} has no ztunnel (yet)` : `no node ${node}`,
        hint: known.includes(node)
          ? 'nodemesh lab status tells what it waits for'
          : `nodes: ${known.join(', ')}`,
      });
    },
    steps: steps.list,
    async shutDown() {
      reconcilers.close();
      for (const ztunnel of ztunnels.values()) ztunnel.close();
      void controller?.retire();
      controller?.signal('SIGKILL');
      await kubelet.close();
      await serviceProxy.close();
      dns.close();
      files.close();
      for (const { agent } of nodes) agent.close();
    },
  };
}

function within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(notStarted(`${what} did not answer within ${limitMs / 1_000} s`)),
      limitMs,
    );
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function notStarted(message: string): LabError {
  return new LabError({ code: 'ERR_LAB_START', blame: 'local', message });
}
