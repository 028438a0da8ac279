export {
  CONTROLLER_ADDRESSES,
  createPodAddressPool,
  MAXIMUM_NODES,
  type NodeAddresses,
  nodeAddresses,
  type PodAddresses,
  type PodAddressPool,
} from './addresses.ts';
export { inNamespace } from './commands.ts';
export { startServiceProxy } from './service-proxy.ts';
export { serviceRules } from './service-rules.ts';
export { createLabNetwork, type LabNetwork } from './topology.ts';
