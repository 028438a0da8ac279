import type { HeaderField } from '../../http/http2/index.ts';

/** The head of a CONNECT in text form; the parsers beside this file read its parts when somebody wants to know. */
export interface TunnelRequestHead {
  /** See `parseAuthority`. */
  readonly authority: string;
  readonly baggage?: string | undefined;
  readonly forwarded?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Any further headers; names in lower case. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
}

/** The headers of the 200 that we read or write. */
export interface TunnelResponseHeaders {
  readonly baggage?: string | undefined;
}

/** Strict: exactly `:method` and `:authority` (RFC 9113 §8.5), then what is set. */
export function requestFields(head: TunnelRequestHead): HeaderField[] {
  const fields: HeaderField[] = [
    [':method', 'CONNECT'],
    [':authority', head.authority],
  ];
  if (head.baggage) fields.push(['baggage', head.baggage]);
  if (head.forwarded) fields.push(['forwarded', head.forwarded]);
  if (head.traceparent) fields.push(['traceparent', head.traceparent]);
  for (const [name, value] of Object.entries(head.extra ?? {})) fields.push([name, value]);
  return fields;
}

/** Tolerant: the last of equal names counts, `host` stands in for a missing `:authority`; nothing is validated here. */
export function headOf(fields: Iterable<HeaderField>): { method: string; head: TunnelRequestHead } {
  const head: { -readonly [K in keyof TunnelRequestHead]: TunnelRequestHead[K] } = { authority: '' };
  let extra: Record<string, string> | undefined;
  let method = '';
  let host = '';
  for (const [name, value] of fields) {
    if (name === ':method') method = value;
    else if (name === ':authority') head.authority = value;
    else if (name === 'baggage' || name === 'forwarded' || name === 'traceparent') head[name] = value;
    else if (name === 'host') host = value;
    else if (!name.startsWith(':')) {
      extra ??= Object.create(null) as Record<string, string>;
      extra[name] = value;
    }
  }
  if (head.authority === '') head.authority = host;
  if (extra !== undefined) head.extra = extra;
  return { method, head };
}
