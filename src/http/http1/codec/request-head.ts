import type { HttpConfig } from '../../config.ts';
import { isAuthority, isTarget } from '../../message/field-syntax.ts';
import type { HeaderList } from '../../message/header-list.ts';
import { requestFault, shown } from '../../message/fault.ts';
import { announcedFraming, type Framing, NO_FRAMING } from './framing.ts';
import { HeadFields, readFieldLines } from './head-fields.ts';

/** A request's head, understood. */
export interface RequestHead {
  readonly version: '1.0' | '1.1';
  readonly method: string;
  /** Undefined unless the target was in absolute form. */
  readonly scheme: 'http' | 'https' | undefined;
  /** Empty only in HTTP/1.0. */
  readonly authority: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly framing: Framing;
  /** The client would send another request on this connection. */
  readonly keepAlive: boolean;
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
}

/** Reads a whole head, from the method to the last field line's CRLF. Throws what the client is to be answered with. */
export function parseRequestHead(text: string, config: HttpConfig): RequestHead {
  const lineEnd = text.indexOf('\r\n');
  const { method, target, version } = parseRequestLine(text.slice(0, lineEnd), config);
  const fields = new HeadFields();
  readFieldLines(text, lineEnd + 2, { maxCount: config.maxHeaderCount, fault: requestFault }, (name, value) =>
    fields.add(name, value),
  );
  fields.settle();
  const framing = announcedFraming(fields, version, requestFault) ?? NO_FRAMING;
  const place = placeOf(method, target, version, fields.host);
  const hasBody = framing.kind !== 'none';
  return {
    version,
    method,
    ...place,
    headers: fields.headers,
    framing,
    keepAlive: keepsAlive(version, fields.connection),
    upgrade: version === '1.1' && !hasBody ? upgradeOf(fields) : undefined,
    expectContinue: expectsContinue(fields.expect) && version === '1.1' && hasBody,
  };
}

/** RFC 9112 §9.3. */
export function keepsAlive(version: '1.0' | '1.1', connection: readonly string[]): boolean {
  if (connection.includes('close')) return false;
  return version === '1.1' || connection.includes('keep-alive');
}

/** The first line of a request, its parts as they came. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
}

/** RFC 9112 §3: one space between, nothing else. */
export function parseRequestLine(line: string, config: HttpConfig): RequestLine {
  const [, method = '', target = '', major, minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === '') throw requestFault(`expected a request line, got ${shown(line)}`);
  if (target.length > config.maxTargetBytes)
    throw requestFault(
      `a target of ${target.length} bytes, ${config.maxTargetBytes} allowed`,
      'ERR_HTTP_TARGET_TOO_LONG',
      414,
    );
  if (major !== '1' || (minor !== '0' && minor !== '1'))
    throw requestFault(`expected HTTP/1.0 or HTTP/1.1, got HTTP/${major}.${minor}`, 'ERR_HTTP_VERSION', 505);
  // A tunnel to anywhere is nothing that a route could judge.
  if (method === 'CONNECT') throw requestFault('CONNECT is not carried', 'ERR_HTTP_METHOD', 501);
  return { method, target, version: minor === '1' ? '1.1' : '1.0' };
}

/** RFC 9112 §3.2: where the request goes, from its target and Host, which must not contradict one another. */
function placeOf(
  method: string,
  target: string,
  version: '1.0' | '1.1',
  hosts: readonly string[],
): Pick<RequestHead, 'scheme' | 'authority' | 'target'> {
  const [host = ''] = hosts;
  if (hosts.length > 1) throw requestFault(`expected one Host, got ${hosts.length}`);
  if (host === '' && (version === '1.1' || hosts.length === 1)) throw requestFault('a request without Host');
  if (host !== '' && !isAuthority(host)) throw requestFault(`Host ${shown(host)}`);
  if (target.startsWith('/') || target === '*') {
    if (!isTarget(target)) throw requestFault(`target ${shown(target)}`);
    if (target === '*' && method !== 'OPTIONS') throw requestFault(`target * with method ${method}`);
    return { scheme: undefined, authority: host, target };
  }
  const [, scheme, authority = '', path = ''] = ABSOLUTE.exec(target) ?? [];
  if (scheme === undefined || !isAuthority(authority)) throw requestFault(`target ${shown(target)}`);
  if (host !== '' && host.toLowerCase() !== authority.toLowerCase())
    throw requestFault(`the target's authority ${shown(authority)} is unlike Host ${shown(host)}`);
  const bare = path === '' || path.startsWith('?') ? `/${path}` : path;
  const origin = path === '' && method === 'OPTIONS' ? '*' : bare;
  if (!isTarget(origin)) throw requestFault(`target ${shown(target)}`);
  return { scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http', authority, target: origin };
}

/** One protocol, asked for by Connection too (RFC 9110 §7.8). To HTTP/2 nobody changes here: it would carry requests past us. */
function upgradeOf(fields: HeadFields): string | undefined {
  const [offer = ''] = fields.upgrade;
  if (fields.upgrade.length !== 1 || !fields.connection.includes('upgrade')) return undefined;
  const protocol = offer.toLowerCase();
  return PROTOCOL.test(protocol) && !/^(?:h2c?|http)(?:\/|$)/.test(protocol) ? protocol : undefined;
}

function expectsContinue(expect: readonly string[]): boolean {
  if (expect.length === 0) return false;
  if (expect.length === 1 && expect[0]?.toLowerCase() === '100-continue') return true;
  throw requestFault(`Expect ${shown(expect.join(', '))}`, 'ERR_HTTP_EXPECTATION', 417);
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i;
const PROTOCOL = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?$/;
