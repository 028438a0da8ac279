import { defineIstio as define } from './define-istio.ts';

/** The same from IST0144 on. */
export const ISTIO_LATER_MESSAGES = {
  InvalidApplicationUID: define('InvalidApplicationUID', 'IST0144', 'warning', {
    template: 'User ID (UID) 1337 is reserved for the sidecar proxy.',
    hint: "run as another user: where a sidecar is, its redirection lets this user's traffic pass",
  }),
  ConflictingGateways: define('ConflictingGateways', 'IST0145', 'error', {
    template: 'Conflict with gateways %s (workload selector %s, port %s, hosts %v).',
    hint: 'merge the servers into one Gateway, or give them other hosts or ports',
  }),
  JwtClaimBasedRoutingWithoutRequestAuthN: define(
    'JwtClaimBasedRoutingWithoutRequestAuthN',
    'IST0149',
    'error',
    {
      template:
        'The virtual service uses the JWT claim based routing (key: %s) but found no request authentication for the gateway (%s) pod (%s). The request authentication must first be applied for the gateway pods to validate the JWT token and make the claims available for routing.',
      hint: "apply a RequestAuthentication that selects the gateway's pods",
    },
  ),
  ExternalNameServiceTypeInvalidPortName: define(
    'ExternalNameServiceTypeInvalidPortName',
    'IST0150',
    'warning',
    {
      template:
        'Port name for ExternalName service is invalid. Proxy may prevent tcp named ports and unmatched traffic for ports serving TCP protocol from being forwarded correctly',
      hint: 'name the port http, https or tls, or after another protocol in which the host is named',
    },
  ),
  InvalidTelemetryProvider: define('InvalidTelemetryProvider', 'IST0157', 'warning', {
    template: 'The Telemetry %v in namespace %q with empty providers will be ignored.',
    hint: "name a provider of MeshConfig's extensionProviders, or set a default one",
  }),
  ConflictingTelemetryWorkloadSelectors: define('ConflictingTelemetryWorkloadSelectors', 'IST0159', 'error', {
    template:
      'The Telemetries %v in namespace %q select the same workload pod %q, which can lead to undefined behavior.',
    hint: 'make the selectors exclude one another',
  }),
  MultipleTelemetriesWithoutWorkloadSelectors: define(
    'MultipleTelemetriesWithoutWorkloadSelectors',
    'IST0160',
    'error',
    {
      template:
        'The Telemetries %v in namespace %q have no workload selector, which can lead to undefined behavior.',
      hint: 'keep one for each namespace',
    },
  ),
  InvalidGatewayCredential: define('InvalidGatewayCredential', 'IST0161', 'error', {
    template:
      'The credential referenced by the Gateway %s in namespace %s is invalid, which can cause the traffic not to work as expected.',
    hint: 'put a PEM certificate that is still valid and its own key into the Secret',
  }),
  GatewayPortNotDefinedOnService: define('GatewayPortNotDefinedOnService', 'IST0162', 'warning', {
    template:
      'The gateway is listening on a target port (port %d) that is not defined in the Service associated with its workload instances (Pod selector %s). If you need to access the gateway port through the gateway Service, it will not be available.',
    hint: "add the port to the Service of the gateway's pods",
  }),
  ReferencedInternalGateway: define('ReferencedInternalGateway', 'IST0165', 'warning', {
    template:
      'Gateway reference in VirtualService %s is to an implementation-generated internal Gateway: %s.',
    hint: "attach an HTTPRoute to the Gateway API's Gateway instead",
  }),
  IneffectiveSelector: define('IneffectiveSelector', 'IST0166', 'warning', {
    template: 'Ineffective selector on Kubernetes Gateway %s. Use the TargetRef field instead.',
    hint: 'name the Gateway in targetRefs',
  }),
  IneffectivePolicy: define('IneffectivePolicy', 'IST0167', 'warning', {
    template: 'The policy has no impact: %s.',
    hint: 'see the reason: move the policy to where it is read',
  }),
  NegativeConditionStatus: define('NegativeConditionStatus', 'IST0171', 'warning', {
    template: 'A condition with a negative status is present: type=%s, reason=%s, message=%s.',
    hint: "see the condition's message",
  }),
  DestinationRuleSubsetNotSelectPods: define('DestinationRuleSubsetNotSelectPods', 'IST0173', 'error', {
    template:
      'The Subset %s defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).',
    hint: "correct the subset's labels, or label the pods",
  }),
  UnknownDestinationRuleHost: define('UnknownDestinationRuleHost', 'IST0174', 'warning', {
    template: 'The host %s defined in the DestinationRule does not match any services in the mesh.',
    hint: "correct the host; a short name stands for a Service of the rule's own namespace",
  }),
  JwksUriFetchUnrestricted: define('JwksUriFetchUnrestricted', 'IST0175', 'warning', {
    template:
      'BLOCKED_CIDRS_IN_JWKS_URIS is not configured but %d RequestAuthentication resource(s) exist (%s). Consider configuring it to restrict JWKS URI fetches to trusted networks.',
    hint: 'set BLOCKED_CIDRS_IN_JWKS_URIS on istiod',
  }),
  GatewayAPICRDVersionBelowMinimum: define('GatewayAPICRDVersionBelowMinimum', 'IST0176', 'warning', {
    template:
      'Gateway API CRD %q is at version %q but Istio requires at least %q; resources of this kind will not be processed. Upgrade the Gateway API CRDs to satisfy the minimum version.',
    hint: "install the Gateway API's newer CustomResourceDefinitions",
  }),
  ConflictingServiceEntryProtocol: define('ConflictingServiceEntryProtocol', 'IST0177', 'warning', {
    template:
      'Multiple ServiceEntries (%s) define the same host %q and port %d with conflicting protocols (%s).',
    hint: 'give the port the same protocol everywhere, or merge the ServiceEntries',
  }),
} as const;
