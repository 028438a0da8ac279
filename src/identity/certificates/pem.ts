import { IdentityError } from '../errors.ts';

/** One block of a PEM text (RFC 7468), decoded. */
export interface PemBlock {
  /** What stands after BEGIN, such as CERTIFICATE. */
  readonly label: string;
  readonly der: Buffer;
}

/**
 * Every block of a text, in order; whatever stands outside of blocks is ignored, as RFC 7468 §2 allows.
 * @throws IdentityError ERR_IDENTITY_PEM when a block has no end or holds something other than base64.
 */
export function parsePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  let offset = 0;
  for (;;) {
    const begin = BEGIN.exec(text.slice(offset));
    if (begin === null) return blocks;
    const label = begin[1] ?? '';
    const bodyStart = offset + begin.index + begin[0].length;
    const end = `-----END ${label}-----`;
    const bodyEnd = text.indexOf(end, bodyStart);
    if (bodyEnd === -1)
      throw pemError(`expected ${end} after -----BEGIN ${label}-----, got the end of the text`);
    const body = text.slice(bodyStart, bodyEnd).replace(/[\s]+/g, '');
    if (body.length === 0 || body.length % 4 !== 0 || !BASE64.test(body))
      throw pemError(`expected base64 between the lines of ${label}, got something else`);
    blocks.push({ label, der: Buffer.from(body, 'base64') });
    offset = bodyEnd + end.length;
  }
}

/**
 * The certificates of a text, other kinds of block skipped.
 * @throws IdentityError ERR_IDENTITY_PEM when there is none.
 */
export function parsePemCertificates(text: string): readonly Buffer[] {
  const blocks = parsePem(text);
  const certificates = blocks.filter((block) => block.label === 'CERTIFICATE').map((block) => block.der);
  if (certificates.length === 0)
    throw pemError(`expected a CERTIFICATE block, got ${describeBlocks(blocks)}`);
  return certificates;
}

/**
 * The one block of a text that holds nothing else.
 * @throws IdentityError ERR_IDENTITY_PEM when there are none or more, or it is of another kind than `labels`.
 */
export function parseSinglePem(text: string, labels: readonly string[]): Buffer {
  const blocks = parsePem(text);
  const [only, ...others] = blocks;
  if (only === undefined || others.length > 0 || !labels.includes(only.label))
    throw pemError(`expected one ${labels.join(' or ')} block, got ${describeBlocks(blocks)}`);
  return only.der;
}

/** The text of one block, lines of 64 characters, with a final newline. */
export function formatPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function describeBlocks(blocks: readonly PemBlock[]): string {
  if (blocks.length === 0) return 'no PEM block at all';
  return blocks.map((block) => block.label).join(', ');
}

function pemError(message: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_PEM', blame: 'downstream', message });
}

const BEGIN = /-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,63})-----/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
