import type { MeshError } from '../../base/index.ts';
import type { AccessEnd, AccessLog, DecisionMetrics, TcpMetrics, Traffic } from '../../telemetry/index.ts';
import {
  type ConnectionDetails,
  type ConnectionEnd,
  type ConnectionJournal,
  reporterOf,
} from '../connections/connection-record.ts';
import { decidedBy, toldByPeer } from './refusal.ts';
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
  /** What is different about a connection's metrics. Default: nothing. */
  rulesOf?(details: ConnectionDetails): Traffic['rules'];
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
      rules: deps.rulesOf?.(details),
    };
  }

  function refused(details: ConnectionDetails, error: MeshError | undefined): void {
    if (error === undefined) return;
    const reason = reasonOf(error) ?? error.code;
    decisions.refused({
      reporter: deps.reporter ?? reporterOf(details),
      reason,
      policy: decidedBy(error).policy,
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
          accessLog.closed(details, endOf(details, end));
        },
      };
    },
    failed(details, end) {
      metrics.failed(trafficOf(details, end.error));
      refused(details, end.error);
      accessLog.failed(details, endOf(details, end));
    },
  };
}

function endOf({ refusalId }: ConnectionDetails, end: ConnectionEnd): AccessEnd {
  const { error } = end;
  if (error === undefined) return end;
  return {
    ...end,
    reason: reasonOf(error),
    ...decidedBy(error),
    refusalId: toldByPeer(error)?.id ?? refusalId,
  };
}
