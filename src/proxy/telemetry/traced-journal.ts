import type { Clock } from '../../base/index.ts';
import { formatSocketAddress } from '../../model/index.ts';
import type { EndedSpan, SpanContext, Tracer } from '../../telemetry/index.ts';
import type {
  ConnectionDetails,
  ConnectionEnd,
  ConnectionJournal,
} from '../connections/connection-record.ts';

/** Also tells of each connection that is sampled, as a span from its beginning to its end. */
export function tracedJournal(
  journal: ConnectionJournal,
  { tracer, clock }: { readonly tracer: Tracer; readonly clock: Clock },
): ConnectionJournal {
  function ended(details: ConnectionDetails, span: SpanContext, end: ConnectionEnd): void {
    if (span.rules?.sinks.length === 0) return;
    const { direction, service, destinationWorkload } = details;
    const to = service?.hostname ?? destinationWorkload?.name ?? details.dialled ?? 'nobody';
    const told: EndedSpan = {
      traceId: span.traceId,
      spanId: span.spanId,
      parentId: span.parentId,
      name: `${direction} ${to}`,
      kind: direction === 'outbound' ? 'client' : 'server',
      startMs: clock.now() - end.durationMs,
      durationMs: end.durationMs,
      failed: end.error !== undefined,
      attributes: attributesOf(details, end),
    };
    tracer.ended(told, span.rules);
  }

  return {
    opened(details, meter) {
      const open = journal.opened(details, meter);
      const { trace } = details;
      if (trace?.sampled !== true) return open;
      return {
        closed(end) {
          open.closed(end);
          ended(details, trace, end);
        },
      };
    },
    failed(details, end) {
      journal.failed(details, end);
      if (details.trace?.sampled === true) ended(details, details.trace, end);
    },
  };
}

function attributesOf(details: ConnectionDetails, end: ConnectionEnd): Record<string, string | number> {
  const known: Readonly<Record<string, string | number | undefined>> = {
    'network.transport': 'tcp',
    'nodemesh.protocol': details.protocol,
    'client.address': details.source.address,
    'client.port': details.source.port,
    'server.address': details.destination?.address,
    'server.port': details.destination?.port,
    'nodemesh.dialled': details.dialled,
    'nodemesh.tunnel': details.tunnel && formatSocketAddress(details.tunnel),
    'nodemesh.source.namespace': details.sourceWorkload?.namespace,
    'nodemesh.source.workload': details.sourceWorkload?.name,
    'nodemesh.source.identity': details.sourceIdentity?.id,
    'nodemesh.destination.namespace': details.destinationWorkload?.namespace,
    'nodemesh.destination.workload': details.destinationWorkload?.name,
    'nodemesh.destination.identity': details.destinationIdentity?.id,
    'nodemesh.destination.service': details.service?.hostname,
    'nodemesh.bytes_sent': end.bytesSent,
    'nodemesh.bytes_received': end.bytesReceived,
    'error.type': end.error?.code,
    'error.message': end.error?.message,
  };
  const attributes: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(known)) if (value !== undefined) attributes[name] = value;
  return attributes;
}
