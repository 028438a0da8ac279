export { type Authority, parseAuthority } from './authority.ts';
export { formatRefusal, parseRefusal, type TunnelRefusal } from './refusal.ts';
export {
  headOf,
  requestFields,
  type TunnelRequestHead,
  type TunnelResponseHeaders,
} from './request-head.ts';
