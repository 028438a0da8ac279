export { createHpackDecoder, type DecodedBlock, type HpackDecoder } from './decoder.ts';
export { createHpackEncoder, type HpackEncoder } from './encoder.ts';
