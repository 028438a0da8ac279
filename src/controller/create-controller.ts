import {
  type Clock,
  type Closable,
  type ClosableStack,
  createClosableStack,
  type Logger,
  silentLogger,
  systemClock,
} from '../base/index.ts';
import {
  createMetricsRegistry,
  createObservationStore,
  createReadiness,
  makeGauge,
  METRICS,
  type MetricsRegistry,
} from '../telemetry/index.ts';
import { startGrpcServer } from '../wire/index.ts';
import { type Cluster, joinCluster, relayToOthers } from './cluster/index.ts';
import type { ControllerConfig } from './controller-config.ts';
import { warnOfSkew } from './feedback/index.ts';
import { callerKey, limitServices, registerLimitMetrics } from './limits/index.ts';
import { type Leadership, soleLeader } from './leadership/index.ts';
import {
  createMeshFacts,
  createObservationService,
  discoveryOf,
  listenDashboard,
} from './observation/index.ts';
import { type ListenAddress, listenAdmin } from './server/admin-listeners.ts';
import { createHandOver } from './server/hand-over.ts';
import { openMesh } from './server/mesh.ts';
import { createProxyServices } from './server/proxy-services.ts';
import { streamPeerOf } from './server/stream-peer.ts';
import { openServerCertificate } from './server/server-certificate.ts';
import { type ControllerSink, silentSink } from './sink/index.ts';
import { createManifestSource, createSelectedSource, type ObjectSource } from './sources/index.ts';
import { createJwksVerifier, type TokenVerifier } from './tokens/index.ts';
import { createWebhook, openSharedCertificate } from './webhook/index.ts';

/** What the configuration cannot say: a clock, a cluster, and what tests put in the place of parts. */
export interface ControllerDependencies {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Gives all of what follows, and the authority; the caller's to close, after the controller. Default: none. */
  readonly cluster?: Cluster;
  /** Default: nothing is written back. */
  readonly sink?: ControllerSink;
  /** Default: there is no other replica. */
  readonly leadership?: Leadership;
  /** Default: the directory of manifests. */
  readonly source?: ObjectSource;
  /** Default: the JWKS file. */
  readonly tokens?: TokenVerifier;
  readonly registry?: MetricsRegistry;
  /** Of the program, for metrics. */
  readonly version?: string;
}

/**
 * The control plane of one mesh. Closing hands it over to others: it says that it is not ready, gives up leading, serves on
 * for as long as its configuration says, and then takes no more calls, ends the streams and waits for what is being answered.
 */
export interface Controller extends Closable {
  /** Reads everything once, then serves. Rejects when it cannot; it is closed then. */
  start(): Promise<void>;
  /** Where it listens, once started. */
  readonly addresses: ControllerAddresses;
}

/** Where the controller listens; undefined where it does not, or not yet. */
export interface ControllerAddresses {
  readonly grpc: ListenAddress | undefined;
  readonly admin: ListenAddress | undefined;
  readonly operator: ListenAddress | undefined;
  readonly dashboard: ListenAddress | undefined;
  readonly webhook: ListenAddress | undefined;
}

/** Nothing is opened before `start`, which rejects with what could not be and has then closed the rest. */
export function createController(
  config: ControllerConfig,
  dependencies: ControllerDependencies = {},
): Controller {
  const owned = createClosableStack();
  let addresses: ControllerAddresses = {
    grpc: undefined,
    admin: undefined,
    operator: undefined,
    dashboard: undefined,
    webhook: undefined,
  };
  return {
    get addresses() {
      return addresses;
    },
    async start() {
      try {
        addresses = await startController(config, dependencies, owned);
      } catch (error) {
        owned.destroy();
        throw error;
      }
    },
    close: () => owned.close(),
    destroy: (cause) => owned.destroy(cause),
  };
}

async function startController(
  config: ControllerConfig,
  dependencies: ControllerDependencies,
  owned: ClosableStack,
): Promise<ControllerAddresses> {
  const { clock = systemClock, log = silentLogger, cluster } = dependencies;
  const { sink = silentSink, leadership = soleLeader } = { ...cluster, ...dependencies };
  const { registry = createMetricsRegistry(), version = 'unknown' } = dependencies;
  const source = createSelectedSource(
    dependencies.source ??
      cluster?.source ??
      createManifestSource({ directory: config.manifestsDirectory, clock, log }),
    { rootNamespace: config.rootNamespace, ownNamespaces: ownNamespaces(config, cluster) },
  );
  const tokens =
    dependencies.tokens ?? cluster?.tokens ?? createJwksVerifier({ file: config.jwksFile, clock });
  const readiness = createReadiness();
  const listed = readiness.waitFor('objects');
  const listening = readiness.waitFor('grpc');

  const authority = cluster?.authority;
  const mesh = await openMesh({ config, source, sink, leadership, authority, clock, log }, owned);
  const store = createObservationStore({
    proxy: 'controller',
    clock,
    limits: MESH_LIMITS,
    lagMs: REPORTS_LAG_MS,
  });
  const relays = cluster && owned.own(relayToOthers(mesh, cluster, { config, clock, log }));
  if (relays !== undefined)
    makeGauge(registry, METRICS.controllerPeersAway, (self) => self.set(relays.observations.away));
  const observations = createObservationService({
    store,
    discoveryOf: (proxy) => discoveryOf(mesh.server.proxiesNamed(proxy), clock.now()),
    relay: relays?.observations,
    dashboardUrl: config.dashboardUrl,
    nameOf: (caller) => streamPeerOf(caller, { ...mesh, ...config }).name,
    clock,
    log,
  });
  const facts = createMeshFacts({ ...mesh, ...config, reported: observations.proxies, version, clock });
  const admin = await listenAdmin(mesh, { config, readiness, registry, version, facts, log }, owned);
  const dashboard = await listenDashboard(config, { store, facts, clock, log }, owned);
  const ownCertificate = () =>
    openServerCertificate({ authority: mesh.authority, names: config.serverNames, clock, log });
  const stopSkew = warnOfSkew(mesh.server, version, log);
  owned.own({ close: async () => stopSkew(), destroy: stopSkew });
  const webhook = createWebhook(
    config.webhook,
    {
      source,
      settings: config,
      certificate:
        cluster === undefined
          ? ownCertificate
          : () =>
              openSharedCertificate({
                ...{ api: cluster.api, namespace: cluster.namespace, clock, log },
                leads: () => leadership.leading,
              }),
      registry,
      clock,
      log,
    },
    owned,
  );
  // Proxies are served only when there is all to tell: half a mesh would look like the removal of the other half.
  await mesh.source.start();
  listed();

  const certificate = owned.own(await ownCertificate());
  const proxies = createProxyServices(mesh, { config, tokens, observations, relay: relays?.enrolment, log });
  const { limits, trustedNodeAccounts } = config;
  const limited = limitServices(proxies.services, {
    ...{ limits, clock },
    keyOf: (caller) => callerKey(caller, trustedNodeAccounts),
  });
  registerLimitMetrics(registry, limited);
  const grpc = owned.own(
    await startGrpcServer({
      authenticate: proxies.authenticate,
      services: limited.services,
      listen: config.listen,
      certificate: certificate.current,
      clock,
      log,
    }),
  );
  certificate.onRenewed((renewed) => grpc.setCertificate(renewed));
  listening();
  const addresses = { grpc: grpc.address, ...admin, dashboard, webhook: await webhook.listen() };
  const handOver = createHandOver({ readiness, delayMs: config.shutdownDelayMs, clock, log });
  owned.own(handOver.linger);
  if (cluster !== undefined) {
    let refused = 0;
    makeGauge(registry, METRICS.controllerAuthorityRefused, (self) => self.set(refused));
    const tell = (problem: string | undefined): void => {
      refused = problem === undefined ? 0 : 1;
    };
    let unwritten = 0;
    makeGauge(registry, METRICS.controllerRootsUnwritten, (self) => self.set(unwritten));
    const tellRoots = (problem: string | undefined): void => {
      unwritten = problem === undefined ? 0 : 1;
    };
    joinCluster(mesh, cluster, { tell, tellRoots, clock, log }, owned);
  }
  owned.own(handOver.announce);
  log.info('controller is serving', { ...addresses, trustDomain: config.trustDomain });
  return addresses;
}

/** Those of the mesh's own parts. */
function ownNamespaces(
  { trustedNodeAccounts }: ControllerConfig,
  cluster: Pick<Cluster, 'namespace'> | undefined,
): ReadonlySet<string> {
  return new Set([
    ...(cluster === undefined ? [] : [cluster.namespace]),

    OWN_NAMESPACE,
    ...[...trustedNodeAccounts].map((account) => account.split('/', 1)[0] ?? ''),
  ]);
}

const OWN_NAMESPACE = 'nodemesh-system';
/** Of all nodes together. */
const MESH_LIMITS = { edges: 20_000, tallies: 300_000, refusals: 5_000, flows: 20_000, spans: 20_000 };
/** A slot that is over is reported within two seconds. */
const REPORTS_LAG_MS = 3_000;
