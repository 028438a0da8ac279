import { defineIstio as define } from './define-istio.ts';

/** Messages of Istio's analyzer up to IST0140, with its codes, levels and sentences (Apache-2.0), so that they are found by them. */
export const ISTIO_MESSAGES = {
  Deprecated: define('Deprecated', 'IST0002', 'warning', {
    template: 'Deprecated: %s',
    hint: 'use the field that has taken its place',
  }),
  ReferencedResourceNotFound: define('ReferencedResourceNotFound', 'IST0101', 'error', {
    template: 'Referenced %s not found: %q',
    hint: 'create what is referred to, or correct the name and the namespace',
  }),
  SchemaValidationError: define('SchemaValidationError', 'IST0106', 'error', {
    template: 'Schema validation error: %v',
    hint: 'correct the field; an API server refuses the object, and a policy that is there all the same denies what it selects',
  }),
  MisplacedAnnotation: define('MisplacedAnnotation', 'IST0107', 'warning', {
    template: 'Misplaced annotation: %s can only be applied to %s',
    hint: 'move it to an object of that kind; for pods that is the template of their Deployment',
  }),
  UnknownAnnotation: define('UnknownAnnotation', 'IST0108', 'warning', {
    template: 'Unknown annotation: %s',
    hint: 'correct its name, or remove it: nothing reads it',
  }),
  ConflictingMeshGatewayVirtualServiceHosts: define(
    'ConflictingMeshGatewayVirtualServiceHosts',
    'IST0109',
    'error',
    {
      template:
        'The VirtualServices %s associated with mesh gateway define the same host %s which can lead to undefined behavior. This can be fixed by merging the conflicting VirtualServices into a single resource.',
      hint: 'merge them, or limit them by exportTo to namespaces that do not overlap',
    },
  ),
  ConflictingSidecarWorkloadSelectors: define('ConflictingSidecarWorkloadSelectors', 'IST0110', 'error', {
    template:
      'The Sidecars %v in namespace %q select the same workload pod %q, which can lead to undefined behavior.',
    hint: 'make the selectors exclude one another; this mesh reads no Sidecar at all',
  }),
  MultipleSidecarsWithoutWorkloadSelectors: define(
    'MultipleSidecarsWithoutWorkloadSelectors',
    'IST0111',
    'error',
    {
      template:
        'The Sidecars %v in namespace %q have no workload selector, which can lead to undefined behavior.',
      hint: 'keep one for each namespace; this mesh reads no Sidecar at all',
    },
  ),
  VirtualServiceDestinationPortSelectorRequired: define(
    'VirtualServiceDestinationPortSelectorRequired',
    'IST0112',
    'error',
    {
      template:
        'This VirtualService routes to a service %q that exposes multiple ports %v. Specifying a port in the destination is required to disambiguate.',
      hint: 'add destination.port.number',
    },
  ),
  DeploymentAssociatedToMultipleServices: define(
    'DeploymentAssociatedToMultipleServices',
    'IST0116',
    'warning',
    {
      template:
        'This deployment %s is associated with multiple services using port %d but different protocols: %v',
      hint: 'give the port the same protocol in all the Services',
    },
  ),
  PortNameIsNotUnderNamingConvention: define('PortNameIsNotUnderNamingConvention', 'IST0118', 'info', {
    template: "Port name %s (port: %d, targetPort: %s) doesn't follow the naming convention of Istio port.",
    hint: 'name the port after its protocol (http, grpc-api, tcp-db) or set appProtocol',
  }),
  InvalidAnnotation: define('InvalidAnnotation', 'IST0125', 'warning', {
    template: 'Invalid annotation %s: %s',
    hint: 'correct the value: what cannot be read is passed over',
  }),
  NoMatchingWorkloadsFound: define('NoMatchingWorkloadsFound', 'IST0127', 'warning', {
    template: 'No matching workloads for this resource with the following labels: %s',
    hint: 'correct the labels or the namespace; a policy in the wrong place protects nothing',
  }),
  NoServerCertificateVerificationDestinationLevel: define(
    'NoServerCertificateVerificationDestinationLevel',
    'IST0128',
    'warning',
    {
      template:
        'DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates are set to validate server identity for host: %s',
      hint: 'set caCertificates, or credentialName together with a workloadSelector',
    },
  ),
  NoServerCertificateVerificationPortLevel: define(
    'NoServerCertificateVerificationPortLevel',
    'IST0129',
    'warning',
    {
      template:
        'DestinationRule %s in namespace %s has TLS mode set to %s but no caCertificates are set to validate server identity for host: %s at port %s',
      hint: 'set caCertificates, or credentialName together with a workloadSelector',
    },
  ),
  VirtualServiceUnreachableRule: define('VirtualServiceUnreachableRule', 'IST0130', 'warning', {
    template: 'VirtualService rule %v not used (%s).',
    hint: 'remove the rule, or put it before the one that takes its requests',
  }),
  VirtualServiceIneffectiveMatch: define('VirtualServiceIneffectiveMatch', 'IST0131', 'info', {
    template: 'VirtualService rule %v match %v is not used (duplicate/overlapping match in rule %v).',
    hint: 'remove the match, or put the narrower one first',
  }),
  VirtualServiceHostNotFoundInGateway: define('VirtualServiceHostNotFoundInGateway', 'IST0132', 'warning', {
    template: 'one or more host %v defined in VirtualService %s not found in Gateway %s.',
    hint: 'add the host to a server of the Gateway, or correct it here',
  }),
  SchemaWarning: define('SchemaWarning', 'IST0133', 'warning', {
    template: 'Schema validation warning: %v',
    hint: 'remove the field, or correct its name: it is passed over',
  }),
  ServiceEntryAddressesRequired: define('ServiceEntryAddressesRequired', 'IST0134', 'warning', {
    template: 'ServiceEntry addresses are required for this protocol.',
    hint: 'set addresses, or a protocol in which clients name the host (HTTP, TLS)',
  }),
  DeprecatedAnnotation: define('DeprecatedAnnotation', 'IST0135', 'info', {
    template: 'Annotation %q has been deprecated%s and may not work in future Istio versions.',
    hint: 'remove it, or use what has taken its place',
  }),
  DeploymentConflictingPorts: define('DeploymentConflictingPorts', 'IST0137', 'warning', {
    template:
      'This deployment %s is associated with multiple services %v using targetPort %q but different ports: %v.',
    hint: 'let the Services that lead to this targetPort have the same port',
  }),
  GatewayDuplicateCertificate: define('GatewayDuplicateCertificate', 'IST0138', 'warning', {
    template:
      'Duplicate certificate in multiple gateways %v may cause 404s if clients re-use HTTP2 connections.',
    hint: 'merge the Gateways, or use certificates that do not cover the same names',
  }),
  IngressRouteRulesNotAffected: define('IngressRouteRulesNotAffected', 'IST0140', 'warning', {
    template: 'Subset in virtual service %s has no effect on ingress gateway %s requests',
    hint: 'put the rules for the host into the VirtualService that is bound to the gateway',
  }),
} as const;
