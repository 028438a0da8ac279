import type {
  ConnectionView,
  LiveMessage,
  RefusalView,
  RequestView,
  ServicePort,
  TrafficEnd,
} from '../../../model/index.ts';

/** What became of a connection or request. */
export type Verdict = 'allowed' | 'refused' | 'failed';

/** One thing that was seen live, and in `detail` what the mesh told of it. */
export type TapEvent = TapSummary &
  (
    | { readonly kind: 'opened' | 'closed'; readonly detail: ConnectionEvent }
    | { readonly kind: 'request'; readonly detail: RequestView }
    | { readonly kind: 'refusal'; readonly detail: RefusalView }
  );

/** What filters and lines need, whichever topic told it. */
export interface TapSummary {
  readonly atMs: number;
  readonly verdict: Verdict;
  readonly source: TrafficEnd;
  readonly destination: TrafficEnd;
  readonly service: ServicePort | undefined;
  /** Of requests; undefined for connections. */
  readonly request: { readonly method: string; readonly path: string; readonly status: number } | undefined;
}

/** A connection; once it is over, with its end. */
export type ConnectionEvent = ConnectionView & { readonly closedMs?: number; readonly error?: string };

/** What a message of the live feed tells, one event for each thing. */
export function tapEvents(message: LiveMessage): readonly TapEvent[] {
  switch (message.topic) {
    case 'connections':
      return [
        ...message.opened.map((connection) => connectionEvent('opened', connection)),
        ...message.closed.map((connection) => connectionEvent('closed', connection)),
      ];
    case 'requests':
      // What a proxy answered itself comes as a refusal too, which says more.
      return message.requests.filter(({ reason }) => reason === '').map(requestEvent);
    case 'refusals':
      return message.refusals.map(refusalEvent);
    default:
      return [];
  }
}

function connectionEvent(kind: 'opened' | 'closed', connection: ConnectionEvent): TapEvent {
  const { source, destination, service, openedMs, closedMs, error = '' } = connection;
  return {
    kind,
    atMs: closedMs ?? openedMs,
    verdict: error === '' ? 'allowed' : 'failed',
    source,
    destination,
    service,
    request: undefined,
    detail: connection,
  };
}

function requestEvent(request: RequestView): TapEvent {
  const { atMs, source, destination, service, method, path, status } = request;
  return {
    kind: 'request',
    atMs,
    verdict: status >= 500 ? 'failed' : 'allowed',
    source,
    destination,
    service,
    request: { method, path, status },
    detail: request,
  };
}

function refusalEvent(refusal: RefusalView): TapEvent {
  const { atMs, kind, source, destination, service, request } = refusal;
  return { kind: 'refusal', atMs, verdict: kind, source, destination, service, request, detail: refusal };
}
