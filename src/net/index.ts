export { resetTcpConnections } from './connection/reset-connections.ts';
export { listTcpConnections, type TcpConnection, type TcpState } from './connection/tcp-connection.ts';
export { countTrackedConnections, type TrackedConnections } from './connection/tracked-connections.ts';
export { errorFromErrno, NET_ERROR_CODES, NetError, type NetErrorCode } from './errors.ts';
export { namespaceAddresses } from './namespace/addresses.ts';
export { createNamedNamespace, deleteNamedNamespace } from './namespace/named-namespace.ts';
export { adoptNamespace, type NetNamespace, openNamespace } from './namespace/network-namespace.ts';
export { readSysctls, writeSysctls } from './namespace/sysctl.ts';
export { limitProcess, type ProcessLimits } from './process/limit-process.ts';
export { type Apartness, spawnApart } from './process/spawn-apart.ts';
export { type AppliedPart, applyRedirection, namespaceHasIpv6 } from './redirection/apply.ts';
export {
  HOST_FIREWALL_KINDS,
  type HostFirewall,
  type HostFirewallKind,
  type ProbeMember,
} from './host-probes/host-firewall.ts';
export { openHostFirewall, removeHostProbes } from './host-probes/host-probes.ts';
export { planHostProbes } from './redirection-plan/host-probes.ts';
export { capturesDns } from './redirection/dns-capture.ts';
export { inspectRedirection, type RedirectionState } from './redirection/inspect.ts';
export { REDIRECTION_NAMES, type RedirectionNaming } from './redirection-plan/names.ts';
export type { RedirectionOptions } from './redirection-plan/options.ts';
export { planRedirection, type RedirectionPlan } from './redirection-plan/plan.ts';
export { type RemovedPart, removeRedirection } from './redirection/remove.ts';
export { formatRestoreInput } from './redirection-plan/rule-set.ts';
export { type ConnectOptions, connectTcp } from './socket/connect.ts';
export { type ListenOptions, openListener } from './socket/listener.ts';
export { portsInUse } from './socket/ports-in-use.ts';
export { originalDestination } from './socket/original-destination.ts';
export {
  closeDescriptors,
  connectPacketSocket,
  type Packet,
  type PacketSocket,
} from './socket/packet-socket.ts';
export { openPacketCapture, type PacketCapture } from './socket/packet-capture.ts';
export { type KeepAliveConfig, MESH_MARK, tuneAccepted } from './socket/socket-options.ts';
export { type Splice, type SpliceOptions, type SpliceOutcome, splice } from './stream/splice.ts';
export { tcpByteStream } from './stream/tcp-byte-stream.ts';
