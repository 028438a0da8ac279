import type { ErrorCodeTable } from '../base/index.ts';
import { ProxyError } from '../proxy/index.ts';

export const ZTUNNEL_ERROR_CODES = {
  ERR_ZTUNNEL_CONFIG: 'one or more options of the ztunnel are missing or do not parse',
  ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION:
    'a connection reached a capture port without having been redirected there',
  ERR_ZTUNNEL_SELF_CALL: 'an application dialled a port that belongs to the mesh in its own pod',
  ERR_ZTUNNEL_UNKNOWN_SOURCE: 'the pod that opened a connection has not arrived from the control plane',
  ERR_ZTUNNEL_NO_UPSTREAM: 'the destination is known to the mesh, but nothing there can take the connection',
  ERR_ZTUNNEL_CONNECT_TIMEOUT: 'an endpoint did not take the connection or the tunnel in time',
  ERR_ZTUNNEL_WRONG_AUTHORITY: 'a tunnel request names an address that is not the one it was sent to',
  ERR_ZTUNNEL_UNKNOWN_DESTINATION: 'a tunnel request is for a pod or service that this node does not know',
  ERR_ZTUNNEL_RECURSIVE_PORT: 'a connection aims at a port of the mesh itself and would loop',
  ERR_ZTUNNEL_DENIED: 'an authorization policy refuses the connection',
  ERR_ZTUNNEL_WAYPOINT_BYPASS:
    'a connection came round the waypoint of a pod or its service, where a label refuses that',
  ERR_ZTUNNEL_DENIED_LATER: 'a change of policy or of the workload refuses a connection that was open',
  ERR_ZTUNNEL_PEER_GONE: 'the other node gave a tunnel up before it was open',
  ERR_ZTUNNEL_POD_SHARE: 'a pod has as many connections as its share of what the proxy can carry',
  ERR_ZTUNNEL_DRAINED: 'a connection outlived the time that a closing proxy gives it',
  ERR_ZTUNNEL_CAPTURED_BY_ANOTHER: "a pod is another mesh's, or somebody else listens on our ports in it",
  ERR_ZTUNNEL_POD_GONE: 'the network namespace of a pod no longer exists',
  ERR_ZTUNNEL_POD_NAMESPACE: 'no process of a pod has a network namespace with an address of the pod',
  ERR_ZTUNNEL_AGENT_REQUEST: "Istio's CNI agent asked for something that cannot be done as it stands",
  ERR_ZTUNNEL_POD_LATE: 'serving a pod takes longer than its agent waits for an answer; it is tried on',
  ERR_ZTUNNEL_CNI_SOCKET: 'the socket on which the CNI plugin of the node asks could not be taken',
  ERR_ZTUNNEL_STATE_FILE: 'the saved state of the node proxy could not be read or written',
  ERR_ZTUNNEL_FAULT: 'something threw what is not an error of the mesh: a fault of the proxy itself',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type ZtunnelErrorCode = keyof typeof ZTUNNEL_ERROR_CODES;

/** What the node proxy itself decides or meets. */
export class ZtunnelError extends ProxyError<ZtunnelErrorCode> {}
