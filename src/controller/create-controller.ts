import {
  type Clock,
  type Closable,
  createClosableStack,
  type Logger,
  silentLogger,
  systemClock,
} from '../base/index.ts';
import { openAuthority } from '../identity/index.ts';
import {
  type AdminRoute,
  createAdminServer,
  createMetricsRegistry,
  createReadiness,
  type MetricsRegistry,
  registerProcessMetrics,
} from '../telemetry/index.ts';
import { startGrpcServer } from '../wire/index.ts';
import { createDeltaServer, type DeltaServer } from '../xds/index.ts';
import { createCertificateService } from './certificates/index.ts';
import { createMeshCollections, type MeshCollections } from './collections/index.ts';
import { type ControllerConfig, isLoopback } from './controller-config.ts';
import { createReportService } from './enrolment/index.ts';
import { warnOfAnnotations } from './server/annotation-warnings.ts';
import { adminRoutes, operatorRoutes } from './server/admin-routes.ts';
import { registerControllerMetrics } from './server/controller-metrics.ts';
import { writePolicyStatus } from './server/policy-status.ts';
import { recordProblems } from './server/problem-events.ts';
import { createResourcePublisher, SERVED_TYPES } from './server/resource-publisher.ts';
import { answering } from './server/respond.ts';
import { writeRootCertificateFile } from './server/root-certificate-file.ts';
import { openServerCertificate } from './server/server-certificate.ts';
import { type ControllerSink, createSinkQueue, silentSink } from './sink/index.ts';
import { createManifestSource, type ObjectSource } from './sources/index.ts';
import { accountOf, type Caller, createJwksVerifier, type TokenVerifier } from './tokens/index.ts';

export interface ControllerDependencies {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Default: nothing is written back. */
  readonly sink?: ControllerSink;
  /** Default: the directory of manifests. */
  readonly source?: ObjectSource;
  /** Default: the JWKS file. */
  readonly tokens?: TokenVerifier;
  readonly registry?: MetricsRegistry;
  /** Of the program, for metrics. */
  readonly version?: string;
}

/** The control plane of one mesh. */
export interface Controller extends Closable {
  /** Reads everything once, then serves. Rejects when it cannot; it is closed then. */
  start(): Promise<void>;
  /** Where it listens, once started. */
  readonly addresses: {
    readonly grpc: { readonly host: string; readonly port: number } | undefined;
    readonly admin: { readonly host: string; readonly port: number } | undefined;
    readonly operator: { readonly host: string; readonly port: number } | undefined;
  };
}

export function createController(
  config: ControllerConfig,
  dependencies: ControllerDependencies = {},
): Controller {
  const { clock = systemClock, log = silentLogger } = dependencies;
  const owned = createClosableStack();
  let addresses: Controller['addresses'] = { grpc: undefined, admin: undefined, operator: undefined };

  async function start(): Promise<void> {
    const registry = dependencies.registry ?? createMetricsRegistry();
    const readiness = createReadiness();
    const listed = readiness.waitFor('objects');
    const listening = readiness.waitFor('grpc');

    const authority = owned.own(
      await openAuthority({
        directory: config.caDirectory,
        trustDomain: config.trustDomain,
        maximumTtlMs: config.svidTtlMs,
        clock,
        log,
      }),
    );
    owned.own(await writeRootCertificateFile(config.rootCertificateFile, authority, log));
    const source = owned.own(
      dependencies.source ?? createManifestSource({ directory: config.manifestsDirectory, clock, log }),
    );
    const collections = createMeshCollections(config, log);
    const server = owned.own(createDeltaServer({ types: SERVED_TYPES, clock, log }));
    const sink = owned.own(createSinkQueue({ sink: dependencies.sink ?? silentSink, clock, log }));
    const publisher = createResourcePublisher({
      collections,
      server,
      rootNamespace: config.rootNamespace,
      log,
    });
    const stopStatus = writePolicyStatus(collections, sink, config.rootNamespace);
    const stopWarnings = warnOfAnnotations(collections, sink);
    const stopProblems = recordProblems(source, sink);
    publisher.publishBundle(authority.bundle());
    const unsubscribe = [
      authority.bundleChanges.subscribe((bundle) => publisher.publishBundle(bundle)),
      source.events.subscribe((events) => collections.apply(events)),
      () => publisher.stop(),
      stopStatus,
      stopWarnings,
      stopProblems,
    ];
    owned.own(
      closing(() => {
        for (const stop of unsubscribe) stop();
      }),
    );
    // Proxies are served only when there is all to tell: half a mesh would look like the removal of the other half.
    await source.start();
    listed();

    const certificate = owned.own(
      await openServerCertificate({ authority, names: config.serverNames, clock, log }),
    );
    const tokens = dependencies.tokens ?? createJwksVerifier({ file: config.jwksFile, clock });
    const certificates = createCertificateService({
      authority,
      pods: {
        pod: (namespace, name) => collections.pods.get(`${namespace}/${name}`),
        podsOf: (node, namespace, account) => collections.podsOf(node, namespace, account),
      },
      trustDomain: config.trustDomain,
      trustedNodeAccounts: config.trustedNodeAccounts,
      maximumTtlMs: config.svidTtlMs,
      log,
    });
    const reports = createReportService({
      trustedNodeAccounts: config.trustedNodeAccounts,
      podOf: podLookup(collections, config.clusterId),
      announce: (captures) => collections.reportCaptures(captures),
      written: (pod) => collections.captureWritten(pod),
      acknowledged: (timeoutMs) => server.acknowledged(publisher.addressChange(), { timeoutMs }),
      sink,
      joinWaitMs: config.joinWaitMs,
      leaveWaitMs: config.leaveWaitMs,
      log,
    });
    const grpc = owned.own(
      await startGrpcServer<Caller>({
        listen: config.listen,
        certificate: certificate.current,
        clock,
        log,
        authenticate: (token) => answering(() => tokens.verify(token)),
        services: {
          xds: (stream, caller) => server.serve(stream, peerOf(caller, config)),
          certificates: (request, caller) => answering(() => certificates.create(request, caller)),
          nodeReports: (report, caller) => answering(() => reports.report(report, caller)),
        },
      }),
    );
    certificate.onRenewed((renewed) => grpc.setCertificate(renewed));
    addresses = { ...addresses, grpc: grpc.address };
    listening();

    registerProcessMetrics({
      registry,
      component: 'controller',
      version: dependencies.version ?? 'unknown',
    });
    registerControllerMetrics(registry, { collections, server, source, sink });
    const seen = adminRoutes({ authority, collections, server, source, readiness, registry });
    const done = operatorRoutes(authority);
    const listen = async (bind: ControllerConfig['adminListen'], routes: readonly AdminRoute[]) =>
      bind && owned.own(createAdminServer({ routes, log })).listen(bind);
    const together = config.adminListen !== undefined && isLoopback(config.adminListen.host);
    addresses = {
      ...addresses,
      admin: await listen(config.adminListen, together ? [...seen, ...done] : seen),
      // The mesh must not wait for a port that only an operator needs.
      operator: await listen(config.operatorListen, done).catch((error: unknown) => {
        log.error('operations are not served', { bind: config.operatorListen, error });
        return undefined;
      }),
    };
    log.info('controller is serving', { ...addresses, trustDomain: config.trustDomain });
  }

  return {
    get addresses() {
      return addresses;
    },
    async start() {
      try {
        await start();
      } catch (error) {
        owned.destroy();
        throw error;
      }
    },
    close: () => owned.close(),
    destroy: (cause) => owned.destroy(cause),
  };
}

/** Only a node proxy sees the pods of its node; everybody else sees what is for everybody. */
function peerOf(caller: Caller, config: ControllerConfig): Parameters<DeltaServer['serve']>[1] {
  const trusted = config.trustedNodeAccounts.has(accountOf(caller)) && caller.node !== '';
  return {
    id: `${accountOf(caller)}/${caller.pod || '-'}@${caller.node || '-'}`,
    audience: trusted ? caller.node : undefined,
  };
}

/** `<cluster>//Pod/<namespace>/<name>` back to the pod. */
function podLookup(collections: MeshCollections, clusterId: string) {
  const prefix = `${clusterId}//Pod/`;
  return (uid: string) =>
    uid.startsWith(prefix) ? collections.pods.get(uid.slice(prefix.length)) : undefined;
}

function closing(action: () => void): Closable {
  return { close: async () => action(), destroy: action };
}
