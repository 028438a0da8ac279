import type { HeaderField } from '../hpack/index.ts';

/** Why a request or answer is malformed (RFC 9113 §8.1.1), or undefined when it is not. */
export function faultOfRequest(fields: readonly HeaderField[]): string | undefined {
  const fault = faultOfFields(fields, REQUEST_PSEUDO);
  if (fault !== undefined) return fault;
  const method = pseudoField(fields, ':method');
  if (method === undefined) return 'no :method';
  const incomplete =
    pseudoField(fields, ':scheme') === undefined || pseudoField(fields, ':path') === undefined;
  if (method !== 'CONNECT') return incomplete ? 'a request without :scheme or :path' : undefined;
  // RFC 9113 §8.5. An empty or odd :authority is answered with a status instead.
  if (pseudoField(fields, ':scheme') !== undefined || pseudoField(fields, ':path') !== undefined)
    return 'CONNECT with :scheme or :path';
  return pseudoField(fields, ':authority') === undefined ? 'CONNECT without :authority' : undefined;
}

/** One of the fields that stand before all others; undefined when it is not there. */
export function pseudoField(fields: readonly HeaderField[], wanted: string): string | undefined {
  for (const [name, value] of fields) {
    if (name === wanted) return value;
    if (name.charCodeAt(0) !== COLON) return undefined;
  }
  return undefined;
}

/** Why an answer, final or interim, is malformed (RFC 9113 §8.3.2), or undefined when it is not. */
export function faultOfResponse(fields: readonly HeaderField[]): string | undefined {
  const fault = faultOfFields(fields, RESPONSE_PSEUDO);
  if (fault !== undefined) return fault;
  const status = pseudoField(fields, ':status');
  return status !== undefined && /^[1-5]\d\d$/.test(status) ? undefined : `:status is ${status}`;
}

/**
 * Why trailers are malformed: pseudo-header fields have no place there (RFC 9113 §8.1), or undefined when they are
 * not.
 */
export function faultOfTrailers(fields: readonly HeaderField[]): string | undefined {
  return faultOfFields(fields, NO_PSEUDO);
}

/** Why a field that we are to send must not be, or undefined. Stricter than what we take. */
export function faultOfOutgoing([name, value]: HeaderField): string | undefined {
  if (!name.startsWith(':') && (!NAME.test(name) || FORBIDDEN.has(name)))
    return `header name ${JSON.stringify(name)}`;
  if (!OUTGOING_VALUE.test(value) || BAD_VALUE.test(value)) return `the value of header ${name}`;
  return name === ':authority' && !AUTHORITY.test(value) ? 'the authority' : undefined;
}

function faultOfFields(fields: readonly HeaderField[], pseudo: ReadonlySet<string>): string | undefined {
  let regular = false;
  for (const [index, [name, value]] of fields.entries()) {
    if (name.charCodeAt(0) === COLON) {
      // RFC 9113 §8.3: known, once each, and before all others.
      if (regular || !pseudo.has(name) || standsBefore(fields, index, name))
        return `misplaced or unknown ${shown(name)}`;
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

function standsBefore(fields: readonly HeaderField[], end: number, name: string): boolean {
  for (let index = 0; index < end; index++) if (fields[index]?.[0] === name) return true;
  return false;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}

const COLON = 0x3a;
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
