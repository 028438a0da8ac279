export { analyzeGatewayCertificates } from './gateway-certificates.ts';
export { analyzeGatewayConflicts } from './gateway-conflicts.ts';
export { analyzeGatewayPorts } from './gateway-ports.ts';
export { analyzeGatewaySecrets } from './gateway-secrets.ts';
export { defaultGateway } from './default-gateway.ts';
