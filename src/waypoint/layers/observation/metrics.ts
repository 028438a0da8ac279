import { identityOf } from '../../../model/index.ts';
import type { DecisionMetrics, HttpMetrics, Traffic } from '../../../telemetry/index.ts';
import type { TelemetryOf } from '../../observation/telemetry-lookup.ts';
import { isGrpc } from '../../request/failure-response.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestContext } from '../../request/request-context.ts';
import type { RequestRecord } from '../../request/request-record.ts';

/** Counts each request when it is over, and what the waypoint refused. */
export function metricsLayer(deps: {
  readonly http: HttpMetrics;
  readonly decisions: DecisionMetrics;
  /** Default: as always. */
  readonly telemetryOf?: TelemetryOf;
}): Layer {
  return (next) => (request, context) => {
    const { record } = context;
    context.onEnd(() => {
      deps.http.ended({
        traffic: trafficOf(context, deps.telemetryOf?.(context.dialled.service).metrics),
        protocol: isGrpc(request) ? 'grpc' : 'http',
        status: record.status,
        grpcStatus: record.grpcStatus,
        durationMs: record.durationMs,
        requestBytes: record.requestBytes,
        responseBytes: record.responseBytes,
      });
      if (record.reason !== undefined)
        deps.decisions.refused({ reporter: 'waypoint', reason: record.reason, policy: record.policy });
    });
    return next(request, context);
  };
}

function trafficOf({ client, dialled, record }: RequestContext, rules: Traffic['rules']): Traffic {
  const { upstream } = record;
  // Only a tunnel proves who is at its other end.
  const identity = upstream?.tunnelProtocol === 'hbone' ? identityOf(upstream) : undefined;
  return {
    reporter: 'waypoint',
    source: { workload: client.workload, identity: client.identity },
    destination: { workload: upstream, identity },
    service: dialled.service,
    mutualTls: true,
    responseFlags: flagsOf(record),
    rules,
  };
}

/** What Envoy's users know. A filter that answers need not refuse anything. */
function flagsOf({ policy, error, reason }: RequestRecord): Traffic['responseFlags'] {
  switch (error?.code) {
    case 'ERR_WAYPOINT_RATE_LIMITED':
      return 'RL';
    case 'ERR_WAYPOINT_FAULT_INJECTED':
      return 'FI';
    case 'ERR_WAYPOINT_DENIED':
      return 'DENY';
    default:
      return policy === undefined || reason === 'filter_answered' ? '-' : 'DENY';
  }
}
