import type { HeaderField } from '../hpack/index.ts';

/** Why a request or answer is malformed (RFC 9113 §8.1.1), or undefined when it is not. */
export function faultOfRequest(fields: readonly HeaderField[]): string | undefined {
  const fault = faultOfFields(fields, REQUEST_PSEUDO);
  if (fault !== undefined) return fault;
  const names = new Set(fields.map(([name]) => name));
  if (!names.has(':method')) return 'no :method';
  const connect = fields.some(([name, value]) => name === ':method' && value === 'CONNECT');
  if (connect) {
    // RFC 9113 §8.5. An empty or odd :authority is answered with a status instead.
    if (names.has(':scheme') || names.has(':path')) return 'CONNECT with :scheme or :path';
    if (!names.has(':authority')) return 'CONNECT without :authority';
  } else if (!names.has(':scheme') || !names.has(':path')) {
    return 'a request without :scheme or :path';
  }
  return undefined;
}

export function faultOfResponse(fields: readonly HeaderField[]): string | undefined {
  const fault = faultOfFields(fields, RESPONSE_PSEUDO);
  if (fault !== undefined) return fault;
  const status = fields.find(([name]) => name === ':status')?.[1];
  return status !== undefined && /^[1-5]\d\d$/.test(status) ? undefined : `:status is ${status}`;
}

export function faultOfTrailers(fields: readonly HeaderField[]): string | undefined {
  return faultOfFields(fields, NO_PSEUDO);
}

/** Why a field that we are to send must not be, or undefined. Stricter than what we take. */
export function faultOfOutgoing([name, value]: HeaderField): string | undefined {
  if (!name.startsWith(':') && (!NAME.test(name) || FORBIDDEN.has(name)))
    return `header name ${JSON.stringify(name)}`;
  if (!OUTGOING_VALUE.test(value) || value !== value.trim()) return `the value of header ${name}`;
  return name === ':authority' && !AUTHORITY.test(value) ? 'the authority' : undefined;
}

function faultOfFields(fields: readonly HeaderField[], pseudo: ReadonlySet<string>): string | undefined {
  const seen = new Set<string>();
  let regular = false;
  for (const [name, value] of fields) {
    if (name.startsWith(':')) {
      // RFC 9113 §8.3: known, once each, and before all others.
      if (regular || seen.has(name) || !pseudo.has(name)) return `misplaced or unknown ${shown(name)}`;
      seen.add(name);
    } else {
      regular = true;
      if (!NAME.test(name)) return `header name ${shown(name)}`;
      if (FORBIDDEN.has(name) || (name === 'te' && value !== 'trailers')) return `header ${shown(name)}`;
    }
    // RFC 9113 §8.2.1, and RFC 9110 §5.5: no control characters but a tab.
    if (BAD_VALUE.test(value)) return `the value of header ${shown(name)}`;
  }
  return undefined;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}

const REQUEST_PSEUDO = new Set([':method', ':scheme', ':authority', ':path']);
const RESPONSE_PSEUDO = new Set([':status']);
const NO_PSEUDO: ReadonlySet<string> = new Set();
/** RFC 9113 §8.2.1: lower-case tokens. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** RFC 9113 §8.2.2. */
const FORBIDDEN = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are forbidden
const BAD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/;
const OUTGOING_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const AUTHORITY = /^[!-~]+$/;
