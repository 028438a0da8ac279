import { defineOwn as define } from './own-message.ts';

/** About waypoints, and what is attached to them. */
export const WAYPOINT_MESSAGES = {
  WaypointNotFound: define('WaypointNotFound', 'NM0030', 'error', {
    template: '%s',
    cause:
      'A use-waypoint label names a Gateway that is not there, or that is no waypoint. What is sent to it is refused (nodemesh.io/waypoint-failure can say otherwise).',
    hint: 'create it (nodemesh waypoint apply), correct the label, or add istio.io/use-waypoint-namespace',
  }),
  WaypointNotAllowed: define('WaypointNotAllowed', 'NM0031', 'error', {
    template: '%s',
    cause: "The waypoint's listener does not let this namespace use it, so that connections are refused.",
    hint: "set allowedRoutes.namespaces.from of the waypoint's listener to All, or to a Selector that this namespace fits",
  }),
  WaypointForMismatch: define('WaypointForMismatch', 'NM0032', 'warning', {
    template: '%s',
    cause:
      'The waypoint is for other traffic than this (label istio.io/waypoint-for), so that the label says nothing here.',
    hint: 'set istio.io/waypoint-for on the Gateway to service, workload or all, or use another waypoint',
  }),
  WaypointNotReady: define('WaypointNotReady', 'NM0033', 'warning', {
    template: 'its waypoint %s is not ready (%s), so that connections are refused until it is',
    cause: 'Whoever wants a waypoint in the way does not want the way without it.',
    hint: 'see nodemesh waypoint list, and the events of its pods',
  }),
  CanaryRefused: define('CanaryRefused', 'NM0034', 'warning', {
    template: '%s',
    cause: 'The second waypoint cannot be used; the first one takes everything.',
    hint: "correct the canary's labels or its weight",
  }),
  UnusedWaypoint: define('UnusedWaypoint', 'NM0035', 'info', {
    template: 'nothing goes through this waypoint: no label names it',
    cause: 'A waypoint costs a pod at least, and does nothing until something is bound to it.',
    hint: 'label a Namespace, Service or Pod with istio.io/use-waypoint, or delete it',
  }),
  HeadlessBypassesWaypoint: define('HeadlessBypassesWaypoint', 'NM0036', 'warning', {
    template:
      'a headless Service has no address of its own: what is sent to its pods does not go through %s, which is for services',
    cause:
      'Clients of a headless Service dial the pods, and a waypoint for services is on the way to services only.',
    hint: 'set istio.io/waypoint-for to workload or all, give the Service a cluster IP, or refuse the bypass with nodemesh.io/waypoint-bypass=refuse',
  }),
  UnknownPortProtocol: define('UnknownPortProtocol', 'NM0037', 'info', {
    template:
      'port %s has no protocol in its name and no appProtocol: the waypoint %s must look at the first bytes',
    cause:
      'Looking costs time, and where the server speaks first it ends in TCP after a wait, without HTTP rules.',
    hint: 'set appProtocol (http, grpc, tcp), or name the port after it',
  }),
  ProtocolConflict: define('ProtocolConflict', 'NM0038', 'warning', {
    template: '%s',
    cause: 'The port is said to be of two protocols; appProtocol counts, then the name.',
    hint: 'let name and appProtocol say the same, and routes fit them',
  }),
  RouteNotAttached: define('RouteNotAttached', 'NM0040', 'error', {
    template: 'attached to nothing: %s',
    cause: 'None of the parents takes the route, or none of them is of this mesh.',
    hint: 'name a Service (or a Gateway of this mesh) that is there in parentRefs',
  }),
  RouteWithoutWaypoint: define('RouteWithoutWaypoint', 'NM0041', 'warning', {
    template: 'without effect for %s: no waypoint is on the way there',
    cause:
      'Routes are done by waypoints. Without one the node proxies carry connections and look at no request.',
    hint: 'label the Service or its namespace with istio.io/use-waypoint',
  }),
  RouteBackendNotFound: define('RouteBackendNotFound', 'NM0042', 'error', {
    template: '%s',
    cause:
      'A backend, or its port, is not there or cannot be one. Requests that the rule sends there get 500.',
    hint: 'correct name, namespace and port of the backendRef',
  }),
  ReferenceNotGranted: define('ReferenceNotGranted', 'NM0043', 'error', {
    template: '%s',
    cause:
      'A backend is in another namespace, which has not agreed to it. Requests that the rule sends there get 500.',
    hint: "create a ReferenceGrant in the backend's namespace for routes of this one",
  }),
  RouteConflict: define('RouteConflict', 'NM0044', 'error', {
    template: '%s',
    cause: "Another route has the parent's port, and the two kinds do not go together. The older one wins.",
    hint: 'attach one of them to another port, or delete it',
  }),
  RouteRuleDropped: define('RouteRuleDropped', 'NM0045', 'warning', {
    template: '%s',
    cause: 'A rule asks for something that waypoints cannot do, so that it is left out.',
    hint: 'change the rule; docs/waypoints.md says what there is',
  }),
  RouteShadowed: define('RouteShadowed', 'NM0046', 'warning', {
    template: 'rule %d has the same match as %s, which is older and wins, for %s',
    cause: "Of two rules with the same match the older route's is used, then the first by name.",
    hint: 'merge the routes, or tell their matches apart',
  }),
  ObjectNotInForce: define('ObjectNotInForce', 'NM0047', 'warning', {
    template: '%s',
    cause:
      'A RateLimit, FaultInjection, Filter or TrafficPolicy has no target, is not valid, or stands behind an older one.',
    hint: 'see the sentence; docs/waypoints.md says what these objects may hold',
  }),
} as const;
