import type { Analyzer } from '../messages/index.ts';
import type { AnalysedMesh } from '../subject/index.ts';
import {
  analyzeDestinationRuleTls,
  analyzeDiscovery,
  analyzeEnrolmentLabels,
  analyzeInertObjects,
  analyzeNetworkPolicies,
  analyzeSideBySide,
} from './enrolment/index.ts';
import {
  analyzeEnforcement,
  analyzePeerAuthentication,
  analyzePrincipals,
  analyzeRequiredTokens,
  analyzeRuleSense,
  analyzeUnenrolledTargets,
  analyzeWaypointIdentity,
} from './policies/index.ts';
import {
  analyzeBindingLabels,
  analyzeExtensions,
  analyzePortProtocols,
  analyzeRoutes,
  analyzeSessionAffinity,
  analyzeShadowedRoutes,
  analyzeUdpPorts,
  analyzeWaypointUse,
} from './waypoints/index.ts';

/** What is silently wrong in a mesh without sidecars. */
export const AMBIENT_ANALYZERS: readonly Analyzer<AnalysedMesh>[] = [
  analyzeEnforcement,
  analyzeRuleSense,
  analyzePrincipals,
  analyzeRequiredTokens,
  analyzePeerAuthentication,
  analyzeUnenrolledTargets,
  analyzeWaypointIdentity,
  analyzeBindingLabels,
  analyzeWaypointUse,
  analyzePortProtocols,
  analyzeUdpPorts,
  analyzeSessionAffinity,
  analyzeRoutes,
  analyzeShadowedRoutes,
  analyzeExtensions,
  analyzeEnrolmentLabels,
  analyzeInertObjects,
  analyzeNetworkPolicies,
  analyzeDestinationRuleTls,
  analyzeDiscovery,
  analyzeSideBySide,
];
