import { hpackError } from './errors.ts';

/** Decodes a Huffman-coded string (RFC 7541 §5.2) as Latin-1. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  // The shortest code has 5 bits, so the text is at most 8/5 as long.
  const text = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / SHORTEST_CODE_BITS));
  let length = 0;
  let node = 0;
  let bitsSinceSymbol = 0;
  let onesSinceSymbol = true;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    for (let mask = 0x80; mask !== 0; mask >>= 1) {
      const bit = (byte & mask) === 0 ? 0 : 1;
      const next = TREE[node * 2 + bit] ?? 0;
      bitsSinceSymbol += 1;
      if (bit === 0) onesSinceSymbol = false;
      if (next >= 0) {
        node = next;
        continue;
      }
      const symbol = -next - 1;
      // RFC 7541 §5.2: a string that contains EOS is a decoding error.
      if (symbol === EOS) throw hpackError('a Huffman-coded string contains EOS');
      text[length++] = symbol;
      node = 0;
      bitsSinceSymbol = 0;
      onesSinceSymbol = true;
    }
  }
  // RFC 7541 §5.2: padding is less than 8 bits and all ones (the start of EOS).
  if (bitsSinceSymbol > 7 || !onesSinceSymbol) throw hpackError('a Huffman-coded string is badly padded');
  return text.toString('latin1', 0, length);
}

const EOS = 256;
const SHORTEST_CODE_BITS = 5;

/**
 * RFC 7541 Appendix B as code lengths, one for each octet and EOS. The code is canonical: within a length the codes
 * rise with the symbol, so the lengths say everything.
 */
// biome-ignore format: a table of numbers
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
  7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
  23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
  21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/** Two cells a node, for bit 0 and bit 1: the next node, or -(symbol + 1). */
const TREE = buildTree();

function buildTree(): Int16Array {
  const tree = new Int16Array(CODE_LENGTHS.length * 2);
  const symbols = CODE_LENGTHS.map((length, symbol) => ({ length, symbol })).sort(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  let nodes = 1;
  let code = 0;
  let previousLength = SHORTEST_CODE_BITS;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - previousLength);
    previousLength = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const cell = node * 2 + (Math.floor(code / 2 ** bit) % 2);
      if (bit === 0) tree[cell] = -symbol - 1;
      else if ((tree[cell] ?? 0) === 0) tree[cell] = nodes++;
      node = tree[cell] ?? 0;
    }
    code += 1;
  }
  return tree;
}
