import { type Clock, type Closable, createClosableStack, type Logger } from '../../base/index.ts';
import type { IssueFunction } from '../../identity/index.ts';
import type {
  EnrolmentReceipt,
  EnrolmentReport,
  ObservationReceipt,
  ObservationReport,
} from '../../model/index.ts';
import {
  createGrpcClient,
  type GrpcClient,
  readCredential,
  watchRootCertificateFile,
} from '../../wire/index.ts';
import {
  createDeltaClient,
  type DeltaClient,
  type ResourceSubscription,
  type XdsNode,
} from '../../xds/index.ts';
import type { HostPort } from '../options/host-port.ts';

/** Longer than the controller itself waits for acknowledgements. */
const REPORT_TIMEOUT_MS = 5_000;

/** How a proxy reaches its controller. */
export interface ControlPlaneConfig extends ControlPlaneAddress {
  /** File with the proxy's token; read again on use. */
  readonly tokenFile: string;
  /** Who signs certificates; undefined: the controller does. */
  readonly authority?: ControlPlaneAddress | undefined;
}

/** One server of the control plane. */
export interface ControlPlaneAddress {
  readonly address: HostPort;
  /** The name in the controller's certificate; undefined: the host that is dialled. */
  readonly serverName: string | undefined;
  /** PEM file with the roots that the controller's certificate must chain to; read again on each connection. */
  readonly rootCertFile: string;
  /** Sent with each call, beside the token. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The controller, as a proxy uses it. */
export interface ControllerClient extends Closable {
  readonly issue: IssueFunction;
  report(report: EnrolmentReport, signal: AbortSignal): Promise<EnrolmentReceipt>;
  reportObservations(report: ObservationReport, signal: AbortSignal): Promise<ObservationReceipt>;
  /** Follows the resources over as many streams as it takes. Not started; belongs to the client. */
  follow(types: readonly ResourceSubscription[]): DeltaClient;
}

/** Connects when first used, with token and roots as their files are then. */
export function createControllerClient(deps: {
  readonly controlPlane: ControlPlaneConfig;
  readonly clusterId: string;
  /** Whom the proxy says it is; nothing is granted by it. */
  readonly node: XdsNode;
  /** Asks for the certificates of others, as a node proxy does for its pods. */
  readonly impersonates: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}): ControllerClient {
  const { controlPlane, clusterId, clock, log, random } = deps;
  const owned = createClosableStack();
  const clientOf = (server: ControlPlaneAddress): GrpcClient => {
    const { host, port } = server.address;
    const roots = owned.own(watchRootCertificateFile({ path: server.rootCertFile, clock, log }));
    return owned.own(
      createGrpcClient({
        address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
        roots,
        serverName: server.serverName,
        token: () => readCredential(controlPlane.tokenFile, 'token'),
        clusterId,
        headers: server.headers,
        reportTimeoutMs: REPORT_TIMEOUT_MS,
      }),
    );
  };
  const client = clientOf(controlPlane);
  const authority = controlPlane.authority === undefined ? client : clientOf(controlPlane.authority);
  return {
    async issue({ csrPem, identity, ttlMs, signal }) {
      return authority.createCertificate(
        { csrPem, ttlMs, impersonated: deps.impersonates ? identity : undefined },
        signal,
      );
    },
    report: (report, signal) => client.reportNode(report, signal),
    reportObservations: (report, signal) => client.reportObservations(report, signal),
    follow(types) {
      return owned.own(
        createDeltaClient({
          transport: client.xdsTransport,
          node: deps.node,
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
