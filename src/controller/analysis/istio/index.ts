import type { Analyzer } from '../messages/index.ts';
import type { AnalysedMesh } from '../subject/index.ts';
import { analyzeAnnotations, analyzeDeprecatedFields } from './annotations/index.ts';
import { analyzeConditions } from './conditions.ts';
import { analyzeCaCertificates, analyzeSubsetPods, analyzeUnknownHosts } from './destination-rules/index.ts';
import { analyzeGatewayApiVersions } from './gateway-api-versions.ts';
import {
  analyzeGatewayCertificates,
  analyzeGatewayConflicts,
  analyzeGatewayPorts,
  analyzeGatewaySecrets,
} from './gateways/index.ts';
import {
  analyzeGatewaySelectors,
  analyzeJwksRanges,
  analyzePolicyNamespaces,
  analyzePolicyWorkloads,
  analyzeSidecarSelectors,
  analyzeTelemetryProviders,
  analyzeTelemetrySelectors,
} from './policies/index.ts';
import { analyzeSchemas } from './schema.ts';
import {
  analyzeApplicationUser,
  analyzeDeploymentServices,
  analyzePortNames,
  analyzeServiceEntryAddresses,
  analyzeServiceEntryProtocols,
} from './services/index.ts';
import {
  analyzeDestinations,
  analyzeGatewayReferences,
  analyzeHostConflicts,
  analyzeIngressSubsets,
  analyzeJwtClaims,
  analyzeMatches,
  analyzeSubsets,
} from './virtual-services/index.ts';

/** Everything that Istio's analyzer finds and that makes sense here, by what it looks at. */
export const ISTIO_ANALYZERS = {
  annotations: analyzeAnnotations,
  deprecatedFields: analyzeDeprecatedFields,
  conditions: analyzeConditions,
  schemas: analyzeSchemas,
  gatewayApiVersions: analyzeGatewayApiVersions,
  gatewayPorts: analyzeGatewayPorts,
  gatewaySecrets: analyzeGatewaySecrets,
  gatewayConflicts: analyzeGatewayConflicts,
  gatewayCertificates: analyzeGatewayCertificates,
  portNames: analyzePortNames,
  deploymentServices: analyzeDeploymentServices,
  applicationUser: analyzeApplicationUser,
  serviceEntryAddresses: analyzeServiceEntryAddresses,
  serviceEntryProtocols: analyzeServiceEntryProtocols,
  policyWorkloads: analyzePolicyWorkloads,
  policyNamespaces: analyzePolicyNamespaces,
  sidecarSelectors: analyzeSidecarSelectors,
  telemetrySelectors: analyzeTelemetrySelectors,
  telemetryProviders: analyzeTelemetryProviders,
  gatewaySelectors: analyzeGatewaySelectors,
  jwksRanges: analyzeJwksRanges,
  hostConflicts: analyzeHostConflicts,
  destinations: analyzeDestinations,
  subsets: analyzeSubsets,
  gatewayReferences: analyzeGatewayReferences,
  jwtClaims: analyzeJwtClaims,
  matches: analyzeMatches,
  ingressSubsets: analyzeIngressSubsets,
  caCertificates: analyzeCaCertificates,
  subsetPods: analyzeSubsetPods,
  unknownHosts: analyzeUnknownHosts,
} as const satisfies Readonly<Record<string, Analyzer<AnalysedMesh>>>;
