import type { LineFormat, LinePiece } from '../../../model/index.ts';
import type { LogFormatObject } from '../../objects/index.ts';

/** A format of Envoy's, as far as there is something here that its operators could mean. */
export interface TranslatedFormat {
  readonly format: LineFormat;
  /** Operators whose place holds `-`. */
  readonly unknown: readonly string[];
}

/** What has no meaning here stays empty, and is told as unknown. */
export function translateFormat(object: LogFormatObject): TranslatedFormat {
  const unknown = new Set<string>();
  const format: LineFormat =
    object.kind === 'text'
      ? { kind: 'text', pieces: piecesOf(object.text.replace(/\r?\n$/, ''), unknown) }
      : {
          kind: 'json',
          fields: object.labels.map(([name, text]) => ({ name, pieces: piecesOf(text, unknown) })),
        };
  return { format, unknown: [...unknown] };
}

function piecesOf(format: string, unknown: Set<string>): readonly LinePiece[] {
  const pieces: LinePiece[] = [];
  let end = 0;
  for (const match of format.matchAll(OPERATOR)) {
    const [all, name = '', argument, length] = match;
    if (match.index > end) pieces.push({ text: format.slice(end, match.index) });
    end = match.index + all.length;
    pieces.push(pieceOf(all, { name, argument, length }, unknown));
  }
  if (end < format.length) pieces.push({ text: format.slice(end) });
  return pieces;
}

interface Operator {
  readonly name: string;
  readonly argument: string | undefined;
  readonly length: string | undefined;
}

function pieceOf(all: string, { name, argument, length }: Operator, unknown: Set<string>): LinePiece {
  if (all === '%%') return { text: '%' };
  if (name === 'START_TIME' && argument === undefined) return { time: 'start' };
  const expression = argument === undefined ? EXPRESSIONS.get(name) : headerExpression(name, argument);
  if (expression !== undefined)
    return { expression, maxLength: length === undefined ? undefined : Number(length) };
  unknown.add(all);
  return { text: '-' };
}

/** `REQ(X?Y)`: the one header, or where it is not there the other. */
function headerExpression(name: string, argument: string): string | undefined {
  if (name !== 'REQ' && name !== 'REQ_WITHOUT_QUERY') return undefined;
  const [first, second, ...others] = argument.split('?').map((header) => header.toLowerCase());
  if (first === undefined || others.length > 0) return undefined;
  if (![first, second ?? first].every((header) => HEADER.test(header))) return undefined;
  // What the client asked for is not rewritten before it is told.
  if (first === 'x-envoy-original-path') return PSEUDO_HEADERS.get(':path');
  const one = headerValue(first);
  return second === undefined || first.startsWith(':')
    ? one
    : `"${first}" in request.headers ? ${one} : ${headerValue(second)}`;
}

function headerValue(header: string): string {
  return PSEUDO_HEADERS.get(header) ?? `request.headers["${header}"]`;
}

/** `%NAME%`, `%NAME(argument)%`, `%NAME(argument):length%`, or a percent sign. */
const OPERATOR = /%(?:([A-Z][A-Z0-9_]*)(?:\(([^()%]*)\))?(?::(\d{1,5}))?)?%/g;
const HEADER = /^:?[a-z0-9!#$&'*+.^_`|~-]+$/;
const PSEUDO_HEADERS: ReadonlyMap<string, string> = new Map([
  [':method', 'request.method'],
  [':authority', 'request.host'],
  [':path', 'request.path'],
]);
const EXPRESSIONS: ReadonlyMap<string, string> = new Map([
  ['BYTES_RECEIVED', 'has(request.size) ? request.size : connection.bytes_received'],
  ['BYTES_SENT', 'has(response.size) ? response.size : connection.bytes_sent'],
  ['CONNECTION_TERMINATION_DETAILS', 'connection.error'],
  ['DOWNSTREAM_PEER_URI_SAN', 'source.principal'],
  ['DOWNSTREAM_REMOTE_ADDRESS', 'source.address + ":" + string(source.port)'],
  ['DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', 'source.address'],
  ['DURATION', 'has(request.duration_ms) ? request.duration_ms : connection.duration_ms'],
  ['GRPC_STATUS_NUMBER', 'response.grpc_status'],
  ['PROTOCOL', 'request.protocol'],
  ['RESPONSE_CODE', 'response.code'],
  ['RESPONSE_CODE_DETAILS', 'connection.reason'],
  ['ROUTE_NAME', 'request.route'],
  ['TRACE_ID', 'request.trace'],
  ['UPSTREAM_CLUSTER', 'destination.service'],
  [
    'UPSTREAM_HOST',
    'has(destination.port) ? destination.address + ":" + string(destination.port) : destination.address',
  ],
  ['UPSTREAM_PEER_URI_SAN', 'destination.principal'],
]);
