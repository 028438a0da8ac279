import type { TwinName } from '../translate/index.ts';

/** Ports that connections from the pod reach without the mesh: `3306, 6379`. */
export const EXCLUDE_OUTBOUND_PORTS: TwinName = {
  own: 'traffic.nodemesh.io/exclude-outbound-ports',
  istio: 'traffic.sidecar.istio.io/excludeOutboundPorts',
};

/** Ports of the pod that connections reach without the mesh. */
export const EXCLUDE_INBOUND_PORTS: TwinName = {
  own: 'traffic.nodemesh.io/exclude-inbound-ports',
  istio: 'traffic.sidecar.istio.io/excludeInboundPorts',
};

/** Ranges that connections from the pod reach without the mesh: `10.1.0.0/16, fd00::/64`. */
export const EXCLUDE_OUTBOUND_CIDRS: TwinName = {
  own: 'traffic.nodemesh.io/exclude-outbound-cidrs',
  istio: 'traffic.sidecar.istio.io/excludeOutboundIPRanges',
};

/** `true`: only outbound is captured. */
export const BYPASS_INBOUND: TwinName = {
  own: 'nodemesh.io/bypass-inbound-capture',
  istio: 'ambient.istio.io/bypass-inbound-capture',
};

/** `true`: DNS is captured too. */
export const DNS_CAPTURE: TwinName = {
  own: 'nodemesh.io/dns-capture',
  istio: 'ambient.istio.io/dns-capture',
};

/** Interfaces of machines inside the pod: `eth1, eth2`. */
export const VIRTUAL_INTERFACES: TwinName = {
  own: 'nodemesh.io/reroute-virtual-interfaces',
  istio: 'istio.io/reroute-virtual-interfaces',
};

/** `keep` (default) or `reset`: what becomes of connections that are older than the enrolment. */
export const EXISTING_CONNECTIONS = 'nodemesh.io/existing-connections';

/** Label of pods and namespaces: `all` (default), `failures` or `none` of their connections are in nodes' access logs. */
export const ACCESS_LOG = 'nodemesh.io/access-log';

/** The pod's network namespace by name, where whoever made it gave it one. */
export const NETNS = 'nodemesh.io/netns';

/** Set by a sidecar's injector: its own rules are in the pod. */
export const SIDECAR_STATUS = 'sidecar.istio.io/status';

/** Of a static pod's mirror object: the uid that the kubelet knows the pod by, and names its cgroups after. */
export const STATIC_POD_UID = 'kubernetes.io/config.hash';

/** Set by the kubelet on mirror objects, with the same value; a pod that has it otherwise no kubelet runs. */
export const MIRROR = 'kubernetes.io/config.mirror';
