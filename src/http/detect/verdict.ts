import { CLIENT_PREFACE } from '../http2/frame/index.ts';

/** What a connection's first bytes show. `other`: a protocol that we do not know; `silent`: the client waits for the server. */
export type DetectedProtocol = 'http1' | 'http2' | 'tls' | 'other' | 'silent';

/** What the first bytes are; undefined while more of them could still decide. Never `silent`. */
export function verdictOn(bytes: Buffer): Exclude<DetectedProtocol, 'silent'> | undefined {
  if (bytes.length === 0) return undefined;
  const known = Math.min(bytes.length, CLIENT_PREFACE.length);
  const maybeHttp2 = CLIENT_PREFACE.compare(bytes, 0, known, 0, known) === 0;
  if (maybeHttp2) return known === CLIENT_PREFACE.length ? 'http2' : undefined;
  if (bytes[0] === TLS_HANDSHAKE) return tlsVerdict(bytes);
  const text = bytes.toString('latin1', 0, MOST_BYTES);
  if (HTTP1.test(text)) return 'http1';
  return HTTP1_BEGUN.test(text) && text.length < MOST_BYTES ? undefined : 'other';
}

/** RFC 8446 §5.1, §4: a record of a handshake, of any version up to now, that holds a ClientHello. */
function tlsVerdict(bytes: Buffer): 'tls' | 'other' | undefined {
  const [, major, minor, , , message] = bytes;
  if (major !== undefined && major !== 3) return 'other';
  if (minor !== undefined && minor > 4) return 'other';
  if (message === undefined) return undefined;
  return message === CLIENT_HELLO ? 'tls' : 'other';
}

const TLS_HANDSHAKE = 0x16;
const CLIENT_HELLO = 0x01;
/** A method, a space, and the start of a target (RFC 9112 §3.2). Other protocols of lines have words where ours has a slash. */
const HTTP1 = /^(?:\r\n)?[A-Z][A-Z-]{0,30} (?:\/|\*|https?:\/\/)/;
const HTTP1_BEGUN =
  /^(?:\r?|\r\n(?:[A-Z][A-Z-]{0,30})?|[A-Z][A-Z-]{0,30}|(?:\r\n)?[A-Z][A-Z-]{0,30} (?:h|ht|htt|https?:?\/?)?)$/;
const MOST_BYTES = 48;
