export {
  BRIDGE_ADDRESSES,
  CONTROLLER_ADDRESSES,
  createPodAddressPool,
  MAXIMUM_NODES,
  type NodeAddresses,
  nodeAddresses,
  type PodAddresses,
  type PodAddressPool,
} from './addresses.ts';
export { inNamespace, runCommand } from './commands.ts';
export { type ServiceProxy, startServiceProxy } from './service-proxy.ts';
export { PROBE_SOURCES, serviceRules, staticNodeRules } from './service-rules.ts';
export { createLabNetwork, type LabNetwork, type PodLink } from './topology.ts';
