import { type Clock, type Closable, createClosableStack, type Logger } from '../../base/index.ts';
import type { IssueFunction } from '../../identity/index.ts';
import type { EnrolmentReceipt, EnrolmentReport } from '../../model/index.ts';
import { createGrpcClient, readCredential, watchRootCertificateFile } from '../../wire/index.ts';
import { createDeltaClient, type DeltaClient, type ResourceSubscription } from '../../xds/index.ts';
import type { ZtunnelConfig } from '../config/index.ts';

/** Longer than the controller itself waits for acknowledgements. */
const REPORT_TIMEOUT_MS = 5_000;

/** The controller, as a node proxy uses it. */
export interface ControllerClient extends Closable {
  readonly issue: IssueFunction;
  report(report: EnrolmentReport, signal: AbortSignal): Promise<EnrolmentReceipt>;
  /** Follows the resources over as many streams as it takes. Not started; belongs to the client. */
  follow(types: readonly ResourceSubscription[]): DeltaClient;
}

/** Connects when first used, with token and roots as their files are then. */
export function createControllerClient(deps: {
  readonly config: Pick<ZtunnelConfig, 'node' | 'mesh' | 'controlPlane'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}): ControllerClient {
  const { config, clock, log, random } = deps;
  const { controlPlane, mesh, node } = config;
  const { host, port } = controlPlane.address;
  const owned = createClosableStack();
  const roots = owned.own(watchRootCertificateFile({ path: controlPlane.rootCertFile, clock, log }));
  const client = owned.own(
    createGrpcClient({
      address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
      roots,
      serverName: controlPlane.serverName,
      token: () => readCredential(controlPlane.tokenFile, 'token'),
      clusterId: mesh.clusterId,
      reportTimeoutMs: REPORT_TIMEOUT_MS,
    }),
  );
  return {
    async issue({ csrPem, identity, ttlMs, signal }) {
      return client.createCertificate({ csrPem, ttlMs, impersonated: identity }, signal);
    },
    report: (report, signal) => client.reportNode(report, signal),
    follow(types) {
      return owned.own(
        createDeltaClient({
          transport: client.xdsTransport,
          node: {
            // wire.md §2.1: the first field tells the kind of proxy; nothing is granted by any of it.
            id: `ztunnel~127.0.0.1~ztunnel-${node}.nodemesh-system~nodemesh-system.svc.cluster.local`,
            metadata: { NODE_NAME: node, CLUSTER_ID: mesh.clusterId, NAME: `ztunnel-${node}` },
          },
          types,
          clock,
          log,
          random,
        }),
      );
    },
    close: owned.close,
    destroy: owned.destroy,
  };
}
