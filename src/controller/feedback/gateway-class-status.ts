import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { type MeshSettings, ownController } from '../translate/index.ts';

/** Tells in the status of GatewayClasses of ours that they are, and what their Gateways can do. Returns what stops it. */
export function writeGatewayClassStatus(
  { objects }: Pick<MeshCollections, 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus'>,
  settings: Pick<MeshSettings, 'sideBySide'>,
): () => void {
  const { gatewayClasses } = objects;
  return gatewayClasses.changes.subscribe((keys) => {
    for (const name of keys) {
      const about = { kind: 'GatewayClass', namespace: '', name, writer: 'gateway-class' };
      const gatewayClass = gatewayClasses.get(name);
      if (gatewayClass === undefined) sink.forgetStatus(about);
      else if (ownController(name, gatewayClass, settings) !== undefined)
        sink.setStatus({
          apiVersion: 'gateway.networking.k8s.io/v1',
          ...about,
          conditions: [{ ...ACCEPTED, observedGeneration: gatewayClass.meta.generation }],
          fields: { supportedFeatures: SUPPORTED_FEATURES.map((feature) => ({ name: feature })) },
        });
    }
  });
}

const ACCEPTED = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'Handled by the nodemesh controller',
} as const;

/** In the order of the alphabet, as the Gateway API asks for: every one of a mesh, and of routes what needs no listener. */
const SUPPORTED_FEATURES = [
  'GRPCRoute',
  'GRPCRouteNamedRouteRule',
  'HTTPRoute',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteBackendTimeout',
  'HTTPRouteCORS',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteRequestMirror',
  'HTTPRouteRequestMultipleMirrors',
  'HTTPRouteRequestPercentageMirror',
  'HTTPRouteRequestTimeout',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteRetry',
  'HTTPRouteRetryBackendTimeout',
  'HTTPRouteRetryConnectionError',
  'HTTPRouteSchemeRedirect',
  'Mesh',
  'MeshClusterIPMatching',
  'MeshConsumerRoute',
  'MeshHTTPRouteBackendRequestHeaderModification',
  'MeshHTTPRouteNamedRouteRule',
  'MeshHTTPRouteQueryParamMatching',
  'MeshHTTPRouteRedirectPath',
  'MeshHTTPRouteRedirectPort',
  'MeshHTTPRouteRewritePath',
  'MeshHTTPRouteSchemeRedirect',
  'ReferenceGrant',
] as const;
