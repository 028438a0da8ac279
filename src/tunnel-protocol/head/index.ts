export { type Authority, formatTunnelAuthority, parseAuthority } from './authority.ts';
export { type Baggage, formatBaggage, parseBaggage } from './baggage.ts';
export { type Forwarded, formatForwarded, parseForwarded } from './forwarded.ts';
export { formatRefusal, parseRefusal, type TunnelRefusal } from './refusal.ts';
export {
  headOf,
  requestFields,
  type TunnelRequestHead,
  type TunnelResponseHeaders,
} from './request-head.ts';
