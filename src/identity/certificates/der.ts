/**
 * True when `der` is exactly one DER SEQUENCE (X.690 §8.1.3, §10.1: definite, shortest length) with nothing behind
 * it. Parsers of certificates are lenient about what follows, which lets two readers see different things.
 */
export function isSingleDerSequence(der: Uint8Array): boolean {
  const first = der[1];
  if (der[0] !== SEQUENCE || first === undefined) return false;
  if (first < 0x80) return der.length === 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || der.length < 2 + count) return false;
  let length = 0;
  for (let index = 0; index < count; index++) length = length * 256 + (der[2 + index] ?? 0);
  const shortest = length >= 0x80 && (der[2] ?? 0) !== 0;
  return shortest && der.length === 2 + count + length;
}

/** The bytes of the first element inside an outer SEQUENCE, with its header: what a certificate or CRL signs. */
export function firstElement(der: Uint8Array): Uint8Array {
  const outer = headerBytes(der, 0);
  const inner = headerBytes(der, outer.header);
  return der.subarray(outer.header, outer.header + inner.header + inner.content);
}

function headerBytes(der: Uint8Array, at: number): { header: number; content: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { header: 2, content: first };
  const count = first & 0x7f;
  let content = 0;
  for (let index = 0; index < count; index++) content = content * 256 + (der[at + 2 + index] ?? 0);
  return { header: 2 + count, content };
}

const SEQUENCE = 0x30;
