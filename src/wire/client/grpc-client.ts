import type { Closable } from '../../base/index.ts';
import type {
  EnrolmentReceipt,
  EnrolmentReport,
  ObservationReceipt,
  ObservationReport,
} from '../../model/index.ts';
import type { DeltaTransport } from '../../xds/index.ts';
import { CREATE_CERTIFICATE, REPORT, REPORT_OBSERVATIONS } from '../grpc/methods.ts';
import type { CertificateRequest, CertificateResponse } from '../message/certificate-message.ts';
import type { ChannelOptions } from './channel.ts';
import { createUnaryCaller } from './unary-caller.ts';
import { createXdsTransport } from './xds-transport.ts';

/** The channel, and how long its calls may take. */
export interface GrpcClientOptions extends ChannelOptions {
  /** Default 10,000. */
  readonly certificateTimeoutMs?: number;
  /** Longer than the controller waits for acknowledgements. Default 15,000. */
  readonly reportTimeoutMs?: number;
}

/** A proxy's way to the controller (or to a stock istiod, which knows no node reports). */
export interface GrpcClient extends Closable {
  readonly xdsTransport: DeltaTransport;
  /** Rejects with WireError, or with the signal's reason. */
  createCertificate(request: CertificateRequest, signal?: AbortSignal): Promise<CertificateResponse>;
  /** Rejects with WireError, or with the signal's reason. */
  reportNode(report: EnrolmentReport, signal?: AbortSignal): Promise<EnrolmentReceipt>;
  /** Passes on a report of somebody else, with their token. Rejects as above. */
  relayReport(
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<EnrolmentReceipt>;
  /** Passes on what another proxy has seen, as it. Rejects as above. */
  relayObservations(
    report: ObservationReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<ObservationReceipt>;
  /** Rejects with WireError, or with the signal's reason. */
  reportObservations(report: ObservationReport, signal?: AbortSignal): Promise<ObservationReceipt>;
}

/** Connects when first used. Does not own the root certificates. Closing it leaves discovery streams to their client. */
export function createGrpcClient(options: GrpcClientOptions): GrpcClient {
  const caller = createUnaryCaller(options);
  const certificateTimeoutMs = options.certificateTimeoutMs ?? 10_000;
  const reportTimeoutMs = options.reportTimeoutMs ?? 15_000;
  return {
    xdsTransport: createXdsTransport(options),
    createCertificate: (request, signal) =>
      caller.call(CREATE_CERTIFICATE, request, { timeoutMs: certificateTimeoutMs, signal }),
    reportNode: (report, signal) => caller.call(REPORT, report, { timeoutMs: reportTimeoutMs, signal }),
    relayReport: (report, { token, timeoutMs }) =>
      caller.call(REPORT, { ...report, relayed: true }, { timeoutMs, token }),
    relayObservations: (report, { token, timeoutMs }) =>
      caller.call(REPORT_OBSERVATIONS, report, { timeoutMs, token }),
    reportObservations: (report, signal) =>
      caller.call(REPORT_OBSERVATIONS, report, { timeoutMs: OBSERVATION_TIMEOUT_MS, signal }),
    close: () => caller.close(),
    destroy: (cause) => caller.destroy(cause),
  };
}

/** Nothing waits for it but the next one. */
const OBSERVATION_TIMEOUT_MS = 10_000;
