export {
  type GatewayInfrastructure,
  type GatewayListener,
  type GatewayObject,
  type GatewayObjectAddress,
  parseGateway,
  type RouteGroupKind,
} from './gateway.ts';
export { type GatewayClassObject, parseGatewayClass } from './gateway-class.ts';
export {
  type LabelExpression,
  type LabelQuery,
  matchesQuery,
  type NamespaceSelector,
  parseLabelQuery,
  parseNamespaceSelector,
} from './namespace-selector.ts';
