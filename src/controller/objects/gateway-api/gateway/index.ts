export type { GatewayObjectAddress } from './address.ts';
export { type GatewayObject, parseGateway } from './gateway.ts';
export type { GatewayInfrastructure } from './infrastructure.ts';
export type { GatewayListener, RouteGroupKind } from './listener.ts';
export {
  type LabelExpression,
  type LabelQuery,
  matchesQuery,
  parseLabelQuery,
  type NamespaceSelector,
} from './namespace-selector.ts';
