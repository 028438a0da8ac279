/** What the first bytes of a TLS connection say about the server that is meant. */
export type ServerNameVerdict =
  /** More bytes are needed. */
  | { readonly kind: 'incomplete' }
  /** The client's first message is there, and names a server or none. */
  | { readonly kind: 'complete'; readonly serverName: string | undefined }
  /** It does not begin as TLS does, or is longer than any client's first message. */
  | { readonly kind: 'invalid' };

/**
 * Reads the server name (RFC 6066 §3) out of a ClientHello (RFC 8446 §4.1.2), which may come in several records. In lower
 * case. What stands in the clear decides: an encrypted one (ECH) is not seen.
 */
export function readServerName(bytes: Buffer): ServerNameVerdict {
  const message = joinRecords(bytes);
  if (message === undefined) return INVALID;
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return INVALID;
  if (message.length < HANDSHAKE_HEAD) return INCOMPLETE;
  const length = message.readUIntBE(1, 3);
  if (length > LONGEST_HELLO) return INVALID;
  if (message.length < HANDSHAKE_HEAD + length) return INCOMPLETE;
  const extensions = extensionsOf(message.subarray(HANDSHAKE_HEAD, HANDSHAKE_HEAD + length));
  if (extensions === undefined) return INVALID;
  return { kind: 'complete', serverName: serverNameIn(extensions) };
}

/** The handshake's bytes so far, without the heads of their records; undefined when they are no such records. */
function joinRecords(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    // RFC 8446 §5.1: the version's first byte is 3 in all versions of TLS.
    if (bytes[at] !== HANDSHAKE_RECORD || (bytes[at + 1] ?? 3) !== 3) return undefined;
    if (bytes.length < at + RECORD_HEAD) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > LONGEST_RECORD) return undefined;
    parts.push(bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length));
    at += RECORD_HEAD + length;
  }
  return Buffer.concat(parts);
}

/** A ClientHello's extensions; empty where it has none. Undefined when its lengths do not fit. */
function extensionsOf(hello: Buffer): Buffer | undefined {
  const reader = createReader(hello);
  reader.skip(2 + 32);
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  if (reader.isAtEnd()) return reader.isSound() ? Buffer.alloc(0) : undefined;
  const extensions = reader.vector(2);
  return reader.isSound() ? extensions : undefined;
}

function serverNameIn(extensions: Buffer): string | undefined {
  const reader = createReader(extensions);
  while (!reader.isAtEnd()) {
    const type = reader.number(2);
    const content = reader.vector(2);
    if (!reader.isSound()) return undefined;
    if (type === SERVER_NAME) return hostNameIn(content);
  }
  return undefined;
}

function hostNameIn(extension: Buffer): string | undefined {
  const names = createReader(createReader(extension).vector(2));
  while (!names.isAtEnd()) {
    const type = names.number(1);
    const name = names.vector(2);
    if (!names.isSound()) return undefined;
    // RFC 6066 §3: a DNS name in ASCII, no address.
    if (type === HOST_NAME)
      return HOST.test(name.toString('latin1')) ? name.toString('latin1').toLowerCase() : undefined;
  }
  return undefined;
}

/** Reads on and on; what reaches beyond the end reads as nothing, and is told by `isSound`. */
function createReader(bytes: Buffer) {
  let at = 0;
  let sound = true;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) sound = false;
    const taken = bytes.subarray(at, at + length);
    at = Math.min(at + length, bytes.length);
    return taken;
  };
  const number = (width: 1 | 2): number => {
    const taken = take(width);
    return taken.length < width ? 0 : taken.readUIntBE(0, width);
  };
  return {
    number,
    skip: (length: number): void => {
      take(length);
    },
    /** A length of so many bytes, and what it is the length of. */
    vector: (width: 1 | 2): Buffer => take(number(width)),
    isAtEnd: () => at === bytes.length,
    isSound: () => sound,
  };
}

const INCOMPLETE: ServerNameVerdict = { kind: 'incomplete' };
const INVALID: ServerNameVerdict = { kind: 'invalid' };

const RECORD_HEAD = 5;
const HANDSHAKE_HEAD = 4;
const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 0x01;
const SERVER_NAME = 0x0000;
const HOST_NAME = 0x00;
/** RFC 8446 §5.1. */
const LONGEST_RECORD = 0x4000;
/** Ten times what clients with post-quantum keys send. */
const LONGEST_HELLO = 0x4000;
const HOST = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
