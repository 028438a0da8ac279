export { analyzeGatewaySelectors } from './gateway-selectors.ts';
export { analyzeJwksRanges } from './jwks-ranges.ts';
export { analyzePolicyNamespaces } from './policy-namespaces.ts';
export { analyzePolicyWorkloads } from './policy-workloads.ts';
export { analyzeSidecarSelectors, analyzeTelemetrySelectors } from './selector-conflicts.ts';
export { analyzeTelemetryProviders } from './telemetry-providers.ts';
