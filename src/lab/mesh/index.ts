export { CONTROLLER_LOG, startController, waitForRootCertificate } from './controller-process.ts';
export type { ManagedProcess } from './managed-process.ts';
export {
  CONTROLLER_ADMIN_PORT,
  CONTROLLER_DASHBOARD_PORT,
  CONTROLLER_NAME,
  CONTROLLER_NAMESPACE,
  CONTROLLER_OPERATOR_PORT,
  MESH_NAMESPACE,
  type MeshContext,
} from './mesh-context.ts';
export { connectInNamespace, type NamespaceResponse, requestInNamespace } from './namespace-request.ts';
export { proxyPortOf } from './proxy-port.ts';
export { type NodeZtunnel, startNodeZtunnel, type ZtunnelStatus, ztunnelLogFile } from './node-ztunnel.ts';
export {
  createTokenIssuer,
  keepTokenFile,
  type TokenFile,
  type TokenIssuer,
  type TokenSubject,
} from './tokens.ts';
