import { defineOwn as define } from './own-message.ts';

/** About who may reach whom. */
export const POLICY_MESSAGES = {
  HttpRuleWithoutWaypoint: define('HttpRuleWithoutWaypoint', 'NM0010', 'error', {
    template: '%s',
    cause:
      'A policy without targetRefs is for the node proxies, which see connections and no requests. An ALLOW rule with an HTTP attribute allows nothing there, so that everything is refused; a DENY rule loses the attribute and denies more.',
    hint: 'attach the policy to a Service or waypoint by targetRefs, and label the Service with istio.io/use-waypoint',
  }),
  TargetRefRequired: define('TargetRefRequired', 'NM0011', 'error', {
    template: '%s',
    cause:
      'Tokens, and the actions AUDIT and CUSTOM, are for waypoints, and a waypoint takes only what names it, or a Service behind it, in targetRefs. With a selector, or for a whole namespace, the object does nothing.',
    hint: 'replace the selector by targetRefs: a Service with a waypoint, or the waypoint itself',
  }),
  PolicyTargetNotEnforced: define('PolicyTargetNotEnforced', 'NM0013', 'error', {
    template: 'not enforced: %s',
    cause:
      'A targetRef leads to something that is not there, or to a Service without a waypoint. No proxy is in the way that could enforce the policy; with a selector (and without HTTP attributes) node proxies would.',
    hint: 'create the target, bind it to a waypoint with istio.io/use-waypoint, or use a selector for rules that need no HTTP',
  }),
  UnknownPrincipal: define('UnknownPrincipal', 'NM0014', 'warning', {
    template: 'no service account has the identity %q',
    cause:
      'The rule speaks of an identity that nobody can have, mostly a typing mistake or a service account that was renamed.',
    hint: 'correct it: TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT, as `nodemesh certificates` shows them',
  }),
  ForeignTrustDomain: define('ForeignTrustDomain', 'NM0015', 'warning', {
    template: 'the trust domain of %q is not that of this mesh, %s, nor an alias of it',
    cause: "Certificates carry the mesh's trust domain. A principal of another one is never seen here.",
    hint: "use cluster.local, which stands for the mesh's own, or add the domain to trustDomainAliases of MeshConfig",
  }),
  SelectsUnenrolledOnly: define('SelectsUnenrolledOnly', 'NM0016', 'warning', {
    template: 'none of the %d workloads that it selects is in the mesh, so that nobody enforces it',
    cause: 'A node proxy enforces policies for the pods that are enrolled, and for no other.',
    hint: 'label the namespace or the pods with istio.io/dataplane-mode=ambient',
  }),
  PolicyWithoutEffect: define('PolicyWithoutEffect', 'NM0017', 'warning', {
    template: '%s',
    cause: "The policy's rules can never hold: it has none, or what one asks for excludes itself.",
    hint: 'add or correct the rules',
  }),
  AllowsNothing: define('AllowsNothing', 'NM0018', 'info', {
    template:
      'an ALLOW policy without rules: everything that it selects refuses everybody whom no other policy allows',
    cause: 'This is the usual way to close a namespace; it is said for those who have forgotten the rules.',
    hint: 'nothing, if that is what is meant',
  }),
  TokenNotRequired: define('TokenNotRequired', 'NM0019', 'warning', {
    template: 'requests without a token pass %s: no AuthorizationPolicy there asks for a request principal',
    cause: 'A RequestAuthentication refuses tokens that are wrong. It does not ask for one.',
    hint: 'add an AuthorizationPolicy with the same target that asks for requestPrincipals: ["*"]',
  }),
  DryRunPolicy: define('DryRunPolicy', 'NM0020', 'info', {
    template: 'evaluated and counted, never enforced: it is marked as a dry run',
    cause: 'The annotation istio.io/dry-run (or nodemesh.io/dry-run) is true.',
    hint: 'remove the annotation when the counters show that it would refuse nobody who must pass',
  }),
  StrictWithUnenrolledClients: define('StrictWithUnenrolledClients', 'NM0021', 'warning', {
    template: 'STRICT refuses plaintext, and %d workloads in %s are not in the mesh: they cannot connect',
    cause: 'Who is not enrolled has no certificate to show.',
    hint: 'enrol them, or use PERMISSIVE until they are',
  }),
  WaypointIdentityRefused: define('WaypointIdentityRefused', 'NM0022', 'error', {
    template:
      'it selects pods behind the waypoint %s and does not allow its identity %s, as which all their requests arrive',
    cause:
      "Behind a waypoint a pod's node proxy sees the waypoint's certificate and not the client's. A policy with a selector judges that.",
    hint: "attach the policy to the Service by targetRefs, and let the pods allow the waypoint's identity",
  }),
  PolicyNotUnderstood: define('PolicyNotUnderstood', 'NM0023', 'error', {
    template: '%s',
    cause: 'A value in it means nothing here. What cannot be understood refuses: the mesh fails closed.',
    hint: 'correct the value',
  }),
} as const;
