import type { Logger } from '../../base/index.ts';
import type { WorkloadUid } from '../../model/index.ts';
import type { Authenticate, GrpcServices } from '../../wire/index.ts';
import type { StreamPeer } from '../../xds/index.ts';
import { createCertificateService } from '../certificates/index.ts';
import type { MeshCollections } from '../collections/index.ts';
import type { ControllerConfig } from '../controller-config.ts';
import { createCrossing, createReportService, type ReportRelay } from '../enrolment/index.ts';
import { ControllerError } from '../errors.ts';
import type { PodObject } from '../objects/index.ts';
import type { ObservationService } from '../observation/index.ts';
import { accountOf, type Caller, isPodOf, placeCaller, type TokenVerifier } from '../tokens/index.ts';
import type { Mesh } from './mesh.ts';
import { answering } from './respond.ts';
import { streamPeerOf } from './stream-peer.ts';

/** What proxies can ask of the controller, and how it knows who asks. */
export function createProxyServices(
  { authority, collections, server, publisher, reportSink }: Mesh,
  parts: {
    readonly config: ControllerConfig;
    readonly tokens: TokenVerifier;
    readonly observations: Pick<ObservationService, 'report'>;
    /** Of nodes' reports, to the other controllers. Default: there are none. */
    readonly relay?: ReportRelay | undefined;
    readonly log: Logger;
  },
): { readonly authenticate: Authenticate<Caller>; readonly services: GrpcServices<Caller> } {
  const { config, tokens, observations, relay, log } = parts;
  /** A report is passed on as the one that sent it. */
  const tokenOf = new WeakMap<Caller, string>();
  const podNamed = (namespace: string, name: string): PodObject | undefined =>
    collections.pods.get(`${namespace}/${name}`);
  const isPresent = (caller: Caller): boolean => {
    if (caller.pod === '') return true;
    const pod = podNamed(caller.namespace, caller.pod);
    return pod !== undefined && isPodOf(caller, pod);
  };
  const certificates = createCertificateService({
    authority,
    pods: {
      pod: podNamed,
      podsOf: (node, namespace, account) => collections.podsOf(node, namespace, account),
    },
    trustDomain: config.trustDomain,
    trustedNodeAccounts: config.trustedNodeAccounts,
    callersAreKnown: config.callersAreKnown,
    maximumTtlMs: config.svidTtlMs,
    log,
  });
  const podOf = podLookup(collections, config.clusterId);
  const reports = createReportService({
    crossing: createCrossing({
      enrolments: () => collections.enrolments.values(),
      nodeOf: (uid) => podOf(uid)?.node,
      isConnected: (node) => server.proxies().some(({ audience }) => audience === node),
    }),
    trustedNodeAccounts: config.trustedNodeAccounts,
    podOf,
    sideBySide: config.sideBySide,
    announce: (captures) => collections.reportCaptures(captures),
    written: (pod) => collections.captureWritten(pod),
    acknowledged: (timeoutMs) => server.acknowledged(publisher.addressChange(), { timeoutMs }),
    sink: reportSink,
    ...(relay && {
      relay: (report, caller, timeoutMs) =>
        relay.relay(report, { token: tokenOf.get(caller) ?? '', timeoutMs }),
    }),
    joinWaitMs: config.joinWaitMs,
    leaveWaitMs: config.leaveWaitMs,
    log,
  });
  return {
    authenticate: (token, { address }) =>
      answering(async () => {
        const caller = placeCaller(await tokens.verify(token, { address, isPresent }), podNamed);
        if (relay !== undefined) tokenOf.set(caller, token);
        return caller;
      }),
    services: {
      async xds(stream, caller) {
        let peer: StreamPeer;
        try {
          peer = streamPeerOf(caller, { collections, trustedNodeAccounts: config.trustedNodeAccounts });
        } catch (error) {
          if (!(error instanceof ControllerError)) throw error;
          log.warn('proxy turned away', {
            caller: accountOf(caller),
            pod: caller.pod,
            reason: error.message,
          });
          stream.end(error);
          return;
        }
        await server.serve(stream, peer);
      },
      certificates: (request, caller) => answering(() => certificates.create(request, caller)),
      nodeReports: (report, caller) => answering(() => reports.report(report, caller)),
      observations: (report, caller) =>
        answering(() => observations.report(report, caller, tokenOf.get(caller))),
    },
  };
}

/** `<cluster>//Pod/<namespace>/<name>` back to the pod. */
function podLookup(
  collections: Pick<MeshCollections, 'pods'>,
  clusterId: string,
): (uid: WorkloadUid) => PodObject | undefined {
  const prefix = `${clusterId}//Pod/`;
  return (uid) => (uid.startsWith(prefix) ? collections.pods.get(uid.slice(prefix.length)) : undefined);
}
