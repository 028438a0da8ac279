export { gatewayEchoListener } from './gateway-echo.ts';
export { istioEchoListener } from './istio-echo.ts';
export type { GatewayEcho } from './messages.ts';
export { GATEWAY_ECHO_SERVICE, gatewayEchoMethod, ISTIO_ECHO } from './methods.ts';
