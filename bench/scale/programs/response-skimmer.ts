/** What a node needs of a response to acknowledge it. */
export interface SkimmedResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** How many it holds. They are passed over. */
  readonly resources: number;
}

export interface ResponseSkimmer {
  /** The bytes of a stream's body in order, in pieces of any size. Nothing of a piece is kept but what a field's head needs. */
  push(piece: Buffer): void;
}

/** Field numbers of DeltaDiscoveryResponse. */
const RESOURCES = 2;
const TYPE_URL = 4;
const NONCE = 5;
/** gRPC over HTTP/2, Length-Prefixed-Message: a flag and a length. */
const FRAME_HEAD = 5;
/** Two varints of 32 bits. */
const LONGEST_FIELD_HEAD = 10;

/**
 * Reads discovery responses as they come, without ever holding one: a thousand nodes that each gather thirty megabytes would be what
 * the bench measures.
 */
export function createResponseSkimmer(onResponse: (response: SkimmedResponse) => void): ResponseSkimmer {
  let rest: Buffer = Buffer.alloc(0);
  /** Of the message and of the field that is passed over. */
  let ofMessage = 0;
  let toSkip = 0;
  let inMessage = false;
  let resources = 0;
  let typeUrl = '';
  let nonce = '';

  /** How many bytes of `bytes` at `at` were understood; 0: more are needed. */
  const step = (bytes: Buffer, at: number): number => {
    const available = bytes.length - at;
    if (!inMessage) {
      if (available < FRAME_HEAD) return 0;
      ofMessage = bytes.readUInt32BE(at + 1);
      inMessage = true;
      [resources, typeUrl, nonce] = [0, '', ''];
      return FRAME_HEAD;
    }
    if (toSkip > 0) {
      const skipped = Math.min(toSkip, available);
      toSkip -= skipped;
      ofMessage -= skipped;
      return skipped;
    }
    if (available < Math.min(LONGEST_FIELD_HEAD, ofMessage)) return 0;
    const tag = readVarint(bytes, at);
    const length = readVarint(bytes, tag.end);
    const field = tag.value >>> 3;
    if (field !== TYPE_URL && field !== NONCE) {
      if (field === RESOURCES) resources += 1;
      toSkip = length.value;
      ofMessage -= length.end - at;
      return length.end - at;
    }
    const end = length.end + length.value;
    if (end > bytes.length) return 0;
    const text = bytes.toString('utf8', length.end, end);
    if (field === TYPE_URL) typeUrl = text;
    else nonce = text;
    ofMessage -= end - at;
    return end - at;
  };

  return {
    push(piece) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      let at = 0;
      for (;;) {
        if (inMessage && ofMessage === 0) {
          inMessage = false;
          onResponse({ typeUrl, nonce, resources });
        }
        if (at === bytes.length) break;
        const understood = step(bytes, at);
        if (understood === 0) break;
        at += understood;
      }
      rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    },
  };
}

function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = start, shift = 0; ; index++, shift += 7) {
    const byte = bytes.readUInt8(index);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value: value >>> 0, end: index + 1 };
  }
}

const NOTHING = Buffer.alloc(0);
