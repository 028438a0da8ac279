export {
  resolveZtunnelConfig,
  type TrafficConfig,
  ZTUNNEL_DEFAULTS,
  type ZtunnelConfig,
  type ZtunnelOptions,
} from './config/index.ts';
export {
  type AdmissionAttributes,
  type InboundQuestion,
  type Judge,
  judgeInbound,
  type Verdict,
} from './connections/inbound-verdict.ts';
export { ZTUNNEL_ERROR_CODES, type ZtunnelErrorCode } from './errors.ts';
export { createZtunnel, type Ztunnel, type ZtunnelAddresses, type ZtunnelDeps } from './ztunnel.ts';
