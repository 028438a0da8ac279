import { defineOwn as define } from './own-message.ts';

/** About files, enrolment, and what nobody reads. */
export const MESH_MESSAGES = {
  UnreadableManifest: define('UnreadableManifest', 'NM0001', 'error', {
    template: '%s',
    cause:
      'A part of the file is not YAML, or no object of Kubernetes. The rest of it is analyzed all the same.',
    hint: 'correct the line; every object needs apiVersion, kind and metadata.name',
  }),
  NotAnObject: define('NotAnObject', 'NM0002', 'info', {
    template: 'passed over: it is YAML without apiVersion and kind',
    cause: 'A folder may hold other YAML than objects, such as the values of a chart.',
    hint: 'nothing, unless it was meant to be an object',
  }),
  DuplicateObject: define('DuplicateObject', 'NM0003', 'warning', {
    template: 'it is also at %s: whichever is applied last counts',
    cause: 'The same object is written twice, mostly by copying, and only one of the two is in force.',
    hint: 'give it another name, or delete one of them',
  }),
  InertObject: define('InertObject', 'NM0050', 'warning', {
    template: 'nothing in this mesh reads a %s: %s',
    cause: 'The object is taken by the API server and has no effect here.',
    hint: 'see the sentence for what takes its place; as long as sidecars remain they still read it',
  }),
  UnknownDataplaneMode: define('UnknownDataplaneMode', 'NM0051', 'warning', {
    template: 'the label %s says %q, which is no mode: it is passed over',
    cause: 'The modes are ambient and none. Anything else leaves the pods where they are.',
    hint: 'write ambient, or none',
  }),
  SidecarAndAmbient: define('SidecarAndAmbient', 'NM0052', 'warning', {
    template: 'asks for a sidecar (%s) and for this mesh: pods with a sidecar are not enrolled',
    cause: 'Two meshes cannot capture the same traffic, and the sidecar is there first.',
    hint: "remove the injection's label, and restart the pods that have a sidecar",
  }),
  HostNetworkPod: define('HostNetworkPod', 'NM0053', 'warning', {
    template: "labelled for the mesh, but on the host's network: it is not enrolled",
    cause: "A pod on the host's network has no network namespace of its own, in which it could be captured.",
    hint: 'remove hostNetwork, or the label',
  }),
  UdpPort: define('UdpPort', 'NM0054', 'info', {
    template: 'UDP port %s is not captured: it is neither encrypted nor under any policy',
    cause: 'The mesh carries TCP.',
    hint: 'nothing, if that is acceptable; a NetworkPolicy can restrict it',
  }),
  TunnelPortBlocked: define('TunnelPortBlocked', 'NM0055', 'error', {
    template: "lets nobody reach port 15008 of %s, through which all of the mesh's traffic comes",
    cause: 'Between enrolled pods everything arrives on TCP port 15008, whatever port the application has.',
    hint: 'add a rule that lets TCP port 15008 in (from the same peers, or from all)',
  }),
  TunnelEgressBlocked: define('TunnelEgressBlocked', 'NM0056', 'error', {
    template: "lets %s reach port 15008 of nobody, through which all of the mesh's traffic goes",
    cause: 'Between enrolled pods everything is sent to TCP port 15008, whatever port the application has.',
    hint: 'add a rule that lets TCP port 15008 out',
  }),
  ProbesBlocked: define('ProbesBlocked', 'NM0057', 'warning', {
    template: "may keep the kubelet's probes from %s: no rule lets 169.254.7.127 in on the probed port",
    cause:
      "Probes of enrolled pods arrive from 169.254.7.127, so that they are told from other traffic. Some network plugins do not recognize them as the node's then.",
    hint: 'add a rule with an ipBlock of 169.254.7.127/32',
  }),
  DestinationRuleTls: define('DestinationRuleTls', 'NM0058', 'warning', {
    template: 'TLS mode %s for %s, a Service of the mesh: %s',
    cause:
      'The mesh authenticates and encrypts by itself. A DestinationRule neither turns that off nor adds to it here; a sidecar that still reads it speaks something else than the pods expect.',
    hint: 'remove trafficPolicy.tls for Services of the mesh',
  }),
  ExclusionUnreadable: define('ExclusionUnreadable', 'NM0059', 'warning', {
    template: '%s',
    cause:
      'An annotation that excludes ports or ranges cannot be read. What it would have excluded is captured.',
    hint: 'correct the annotation',
  }),
  NamespaceNotSelected: define('NamespaceNotSelected', 'NM0061', 'warning', {
    template:
      'labelled for the mesh, but none of the discoverySelectors of MeshConfig selects the namespace %s',
    cause:
      'Where MeshConfig has discoverySelectors, namespaces that none of them selects are not of the mesh: nothing in them is enrolled, and no proxy knows of them.',
    hint: 'give the namespace a label that a selector asks for, or extend discoverySelectors',
  }),
  SystemNamespace: define('SystemNamespace', 'NM0060', 'warning', {
    template: 'the namespace %s is never captured, whatever its labels say',
    cause: 'The cluster needs its system pods to start the mesh.',
    hint: 'remove the label',
  }),
  SideBySide: define('SideBySide', 'NM0062', 'info', {
    template: '%s',
    cause:
      'With --side-by-side, Istio and this mesh share the cluster, and each workload is of one of the two, or of none.',
    hint: 'nothing, if that is what is meant; nodemesh.io/dataplane-mode=ambient beside istio.io/dataplane-mode=none moves it into this mesh',
  }),
  ClaimedByBothMeshes: define('ClaimedByBothMeshes', 'NM0063', 'error', {
    template: 'this mesh is to capture it (%s) and refuses, for as long as %s',
    cause:
      'Two meshes cannot capture the same pod. Istio does not know our label, so where both ask for a pod Istio has it, and this mesh tries again until Istio lets it go.',
    hint: 'to move it, set istio.io/dataplane-mode=none; to leave it where it is, remove nodemesh.io/dataplane-mode',
  }),
  StrictBetweenMeshes: define('StrictBetweenMeshes', 'NM0064', 'warning', {
    template:
      'STRICT refuses plaintext to workloads that %s has, and so %s workloads that %s has (in %s) cannot connect',
    cause:
      'Between the meshes pods speak plaintext, but for what this mesh sends to Istio where both have the same roots (--shared-roots).',
    hint: 'use PERMISSIVE until whoever speaks to one another is in the same mesh',
  }),
  WaypointOfOtherMesh: define('WaypointOfOtherMesh', 'NM0065', 'warning', {
    template: "the label %s is Istio's alone: what this mesh's workloads send goes round that waypoint",
    cause:
      "Side by side a waypoint of Istio's is in the way of what Istio's pods send, and no other. Its routes and policies do not hold for clients of this mesh.",
    hint: 'make a waypoint of this mesh beside it (nodemesh waypoint apply --name OTHER --enroll-namespace), or let a policy on its pods say who may connect',
  }),
  SessionAffinity: define('SessionAffinity', 'NM0066', 'warning', {
    template:
      'sessionAffinity: %s does not hold for clients in the mesh: each of their connections goes to any endpoint',
    cause:
      'It is kube-proxy that keeps to one endpoint, and connections of the mesh are balanced by ztunnels, for each on its own.',
    hint: 'bind the Service to a waypoint, and let a TrafficPolicy say ConsistentHash by SourceIP, or sessionPersistence; or keep sessions where every endpoint finds them',
  }),
} as const;
