import type { RefusalView, RequestView } from '../../../model/index.ts';
import { type Colours, printable } from '../../terminal/index.ts';
import { byteCount, clockTime, latency } from '../numbers.ts';
import { endName, serviceName, shortIdentity } from '../traffic/ends.ts';
import type { ConnectionEvent, TapEvent } from './tap-event.ts';

/** Wide enough for the longest word of each column. */
const KIND_WIDTH = 8;

/** One event as a line; a refusal has a second one that says what happened, and a third that says what to do. */
export function tapLine(event: TapEvent, colours: Colours): string {
  const word = event.kind === 'refusal' ? event.verdict : event.kind;
  const head = [
    colours.dim(clockTime(event.atMs)),
    paint(event, colours)(word.padEnd(KIND_WIDTH)),
    printable(`${endName(event.source)} → ${targetName(event)}`),
  ];
  const [rest, ...below] = detailOf(event).map(printable);
  return [`${[...head, rest].join('  ')}`, ...below.map((line) => `    ${colours.dim(line)}`)].join('\n');
}

function paint({ verdict, kind }: TapEvent, colours: Colours): (text: string) => string {
  if (verdict === 'refused') return colours.red;
  if (verdict === 'failed') return colours.yellow;
  return kind === 'request' ? colours.green : colours.dim;
}

/** The service as it was dialled, and who answered for it. */
function targetName({ service, destination }: TapEvent): string {
  const answered = destination.workload === '' ? '' : endName(destination);
  if (service === undefined) return answered === '' ? 'unknown' : answered;
  return answered === '' ? serviceName(service) : `${serviceName(service)} (${answered})`;
}

function detailOf(event: TapEvent): readonly string[] {
  switch (event.kind) {
    case 'request':
      return [requestText(event.detail)];
    case 'refusal':
      return refusalText(event.detail);
    default:
      return [connectionText(event.detail)];
  }
}

function requestText(request: RequestView): string {
  const { method, path, status, grpcStatus, durationMs, attempts, route, source } = request;
  const parts = [
    `${method} ${path}`,
    grpcStatus === undefined ? String(status) : `${status} grpc ${grpcStatus}`,
    latency(durationMs),
    ...(attempts > 1 ? [`${attempts} tries`] : []),
    ...(route === '' ? [] : [`route ${route}`]),
    ...(source.identity === '' ? ['no identity'] : []),
  ];
  return parts.join('  ');
}

function connectionText(connection: ConnectionEvent): string {
  const { direction, tunnel, waypoint, sentBytes, receivedBytes, openedMs, closedMs, error } = connection;
  const way = [
    direction,
    tunnel === '' ? 'plaintext' : 'mTLS',
    ...(waypoint === '' ? [] : [`by ${waypoint}`]),
  ];
  if (closedMs === undefined) return way.join('  ');
  return [
    ...way,
    latency(closedMs - openedMs),
    `${byteCount(sentBytes)} to client, ${byteCount(receivedBytes)} from it`,
    ...(error === undefined || error === '' ? [] : [error]),
  ].join('  ');
}

function refusalText(refusal: RefusalView): readonly string[] {
  const { request, reason, policy, rule, proxy, message, hint, source } = refusal;
  const parts = [
    ...(request === undefined ? [] : [`${request.method} ${request.path}  ${request.status}`]),
    reason,
    ...(policy === '' ? [] : [`policy ${policy}${rule === 0 ? ', no rule matched' : ` rule ${rule}`}`]),
    `as ${source.identity === '' ? 'nobody' : shortIdentity(source.identity)}`,
    `at ${proxy}`,
  ];
  return [parts.join('  '), ...(message === '' ? [] : [message]), ...(hint === '' ? [] : [`hint: ${hint}`])];
}
