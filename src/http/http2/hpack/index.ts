export { createHpackDecoder, type HpackDecoder } from './decoder.ts';
export { createHpackEncoder, type HpackEncoder } from './encoder.ts';
export type { HeaderField } from './header-field.ts';
