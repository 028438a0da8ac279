export { analyzeDiscovery } from './discovery.ts';
export { analyzeDestinationRuleTls } from './destination-rule-tls.ts';
export { analyzeEnrolmentLabels } from './labels.ts';
export { analyzeInertObjects } from './inert-objects.ts';
export { analyzeNetworkPolicies } from './network-policies.ts';
export { analyzeSideBySide } from './side-by-side.ts';
