/**
 * MurmurHash3 (x86, 32 bits) of the characters' low and high bytes: fast, and the same in every process. Anybody can find
 * keys that collide; all that gains them is that their own requests share an endpoint.
 */
export function hashText(text: string, seed = 0): number {
  let hash = seed | 0;
  const even = text.length & ~1;
  for (let index = 0; index < even; index += 2) {
    const block = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
    hash ^= scramble(block);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  if (even < text.length) hash ^= scramble(text.charCodeAt(even));
  return finish(hash ^ (text.length * 2));
}

/** Another hash made of one. */
export function rehash(hash: number, seed: number): number {
  return finish(hash ^ Math.imul(seed, 0x9e3779b1));
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
