import type { Clock, Closable, ClosableStack, Logger } from '../../base/index.ts';
import { type Authority, type AuthorityOptions, openAuthority } from '../../identity/index.ts';
import type { TrustBundle } from '../../model/index.ts';
import { createDeltaServer, type DeltaServer } from '../../xds/index.ts';
import { createMeshCollections, type MeshCollections } from '../collections/index.ts';
import type { ControllerConfig } from '../controller-config.ts';
import { createWaypointDeployer } from '../deployment/index.ts';
import {
  recordProblems,
  repeatStatusOfReplaced,
  warnOfAnnotations,
  warnOfForeignAddresses,
  writeAdmissionStatus,
  writeBindingStatus,
  writeGatewayClassStatus,
  writePolicyStatus,
  writeRouteStatus,
  writeWaypointStatus,
  noticeMeshConfig,
  writeGuardStatus,
  writeTelemetryStatus,
  writeTrafficStatus,
} from '../feedback/index.ts';
import { createSyntaxCheck } from '../filter-syntax/index.ts';
import type { Leadership } from '../leadership/index.ts';
import { type ControllerSink, createSinkQueue, type SinkQueue } from '../sink/index.ts';
import type { ObjectSource } from '../sources/index.ts';
import { createResourcePublisher, type ResourcePublisher, SERVED_TYPES } from './resource-publisher.ts';
import { writeRootCertificateFile } from './root-certificate-file.ts';

/** What the controller knows and holds, without the ports by which it is reached. */
export interface Mesh {
  readonly authority: Authority;
  readonly source: ObjectSource;
  readonly collections: MeshCollections;
  /** Serves what follows from the objects; somebody has to bring it streams. */
  readonly server: DeltaServer;
  readonly publisher: ResourcePublisher;
  /** For what the leader alone writes. */
  readonly sink: SinkQueue;
  /** For what follows from a node's report: written by whichever replica hears it. */
  readonly reportSink: SinkQueue;
  readonly leadership: Leadership;
}

/** What a mesh is made from; the caller's to close, but for what `openMesh` opens. */
export interface MeshParts {
  readonly config: ControllerConfig;
  readonly source: ObjectSource;
  readonly sink: ControllerSink;
  readonly leadership: Leadership;
  /** Where the authority is; default: the directory of the configuration. */
  readonly authority?: Pick<AuthorityOptions, 'files' | 'begin'> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens the authority and joins source, collections, resources and sink. The source is not started yet. */
export async function openMesh(parts: MeshParts, owned: ClosableStack): Promise<Mesh> {
  const { config, leadership, clock, log } = parts;
  const authority = owned.own(
    await openAuthority({
      ...(parts.authority ?? { directory: config.caDirectory }),
      trustDomain: config.trustDomain,
      maximumTtlMs: config.svidTtlMs,
      clock,
      log,
    }),
  );
  if (config.rootCertificateFile !== undefined)
    owned.own(await writeRootCertificateFile(config.rootCertificateFile, authority, log));
  const source = owned.own(parts.source);
  const collections = createMeshCollections(config, log);
  const server = owned.own(createDeltaServer({ types: SERVED_TYPES, clock, log }));
  const queue = owned.own(createSinkQueue({ sink: parts.sink, leadership, clock, log }));
  const sink = config.sideBySide ? withoutForeignStatus(queue) : queue;
  const reportSink = owned.own(createSinkQueue({ sink: parts.sink, clock, log }));
  const syntax = owned.own(createSyntaxCheck(clock));
  const { rootNamespace } = config;
  const publisher = createResourcePublisher({ collections, server, rootNamespace, log });
  publisher.publishBundle(authority.bundle());
  const deployer = createWaypointDeployer({
    collections,
    sink,
    settings: { ...config, ...config.waypoints },
    log,
  });
  const tellRoots = (bundle: TrustBundle): void => deployer.setRoots(bundle.rootsPem.join(''));
  tellRoots(authority.bundle());
  owned.own(
    subscriptions([
      () => publisher.stop(),
      writePolicyStatus(collections, sink, rootNamespace),
      writeAdmissionStatus(collections, sink, syntax),
      writeBindingStatus(collections, sink, config),
      writeGatewayClassStatus(collections, sink, config),
      writeWaypointStatus({ collections, deployer, sink, settings: config }),
      writeRouteStatus(collections, sink, config),
      writeGuardStatus(collections, sink),
      writeTrafficStatus(collections, sink, config),
      writeTelemetryStatus(collections, sink),
      repeatStatusOfReplaced(collections, sink),
      noticeMeshConfig(collections, sink, rootNamespace),
      warnOfAnnotations(collections, sink),
      warnOfForeignAddresses(collections, sink, log),
      recordProblems(source, sink),
      authority.bundleChanges.subscribe((bundle) => publisher.publishBundle(bundle)),
      authority.bundleChanges.subscribe(tellRoots),
      () => deployer.stop(),
      leadership.changes.subscribe((leading) => {
        if (leading) deployer.repeat();
      }),
      source.events.subscribe((events) => collections.apply(events)),
    ]),
  );
  return { authority, source, collections, server, publisher, sink, reportSink, leadership };
}

/** What Istio's objects say about themselves is for Istio's controller to write, where there is one. Events tell of ours. */
function withoutForeignStatus(queue: SinkQueue): SinkQueue {
  return {
    ...queue,
    get waiting() {
      return queue.waiting;
    },
    setStatus(change) {
      const [group = ''] = change.apiVersion.split('/');
      if (!group.endsWith('.istio.io')) queue.setStatus(change);
    },
  };
}

function subscriptions(stops: readonly (() => void)[]): Closable {
  const stopAll = (): void => {
    for (const stop of stops) stop();
  };
  return { close: async () => stopAll(), destroy: stopAll };
}
