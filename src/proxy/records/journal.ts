import { causeOf, type MeshError } from '../../base/index.ts';
import type { AccessEnd, AccessLog, DecisionMetrics, TcpMetrics, Traffic } from '../../telemetry/index.ts';
import {
  type ConnectionDetails,
  type ConnectionEnd,
  type ConnectionJournal,
  reporterOf,
} from '../connections/connection-record.ts';
import { ProxyError } from '../proxy-error.ts';
import { isLateRefusal, reasonOf } from './refusal-reason.ts';
import { type FlagTable, responseFlags } from './response-flags.ts';

/** Writes each connection into the metrics and the access log. */
export function createJournal(deps: {
  readonly metrics: TcpMetrics;
  readonly decisions: Pick<DecisionMetrics, 'refused'>;
  readonly accessLog: AccessLog;
  /** Codes of the role's own, with their flags. */
  readonly flags: FlagTable;
  /** Codes that cut a connection which had been let in. */
  readonly lateRefusals: ReadonlySet<string>;
  /** Who reports. Default: the end of the connection that its direction says. */
  readonly reporter?: Traffic['reporter'];
}): ConnectionJournal {
  const { metrics, decisions, accessLog, flags, lateRefusals } = deps;

  function trafficOf(details: ConnectionDetails, error: MeshError | undefined): Traffic {
    return {
      reporter: deps.reporter ?? reporterOf(details),
      source: { workload: details.sourceWorkload, identity: details.sourceIdentity },
      destination: { workload: details.destinationWorkload, identity: details.destinationIdentity },
      service: details.service,
      mutualTls: details.protocol === 'HBONE',
      responseFlags: responseFlags(error, flags),
    };
  }

  function refused(details: ConnectionDetails, error: MeshError | undefined): void {
    if (error === undefined) return;
    const reason = reasonOf(error) ?? error.code;
    decisions.refused({
      reporter: deps.reporter ?? reporterOf(details),
      reason,
      policy: causeOf(error, ProxyError)?.policy,
    });
  }

  return {
    opened(details, life) {
      const counted = metrics.opened(trafficOf(details, undefined), () => {
        const { bytesSent, bytesReceived } = life.bytes();
        return { sentBytes: bytesSent, receivedBytes: bytesReceived };
      });
      accessLog.opened(details);
      return {
        closed(end) {
          counted.close({ sentBytes: end.bytesSent, receivedBytes: end.bytesReceived });
          if (isLateRefusal(end.error, lateRefusals)) refused(details, end.error);
          accessLog.closed(details, endOf(end));
        },
      };
    },
    failed(details, end) {
      metrics.failed(trafficOf(details, end.error));
      refused(details, end.error);
      accessLog.failed(details, endOf(end));
    },
  };
}

function endOf(end: ConnectionEnd): AccessEnd {
  if (end.error === undefined) return end;
  const own = causeOf(end.error, ProxyError);
  return { ...end, reason: reasonOf(end.error), policy: own?.policy, rule: own?.rule };
}
