import { type Finding, finding, ISTIO } from '../messages/index.ts';
import type { AnalysedMesh } from '../subject/index.ts';

/** CustomResourceDefinitions of the Gateway API that are too old to have a kind in the version that is read. */
export function* analyzeGatewayApiVersions(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('apiextensions.k8s.io/CustomResourceDefinition')) {
    const minimum = MINIMUM.get(object.name);
    const installed = object.annotations.get(BUNDLE_VERSION);
    if (minimum === undefined || installed === undefined || !isOlder(installed, minimum)) continue;
    const at = { object, path: ['metadata', 'annotations', BUNDLE_VERSION] };
    yield finding(ISTIO.GatewayAPICRDVersionBelowMinimum, at, object.name, installed, minimum);
  }
}

/** Of semantic versions; what cannot be read is not older. */
function isOlder(version: string, minimum: string): boolean {
  const [a, b] = [numbersOf(version), numbersOf(minimum)];
  if (a === undefined || b === undefined) return false;
  const differs = a.findIndex((part, index) => part !== b[index]);
  return differs >= 0 && (a[differs] ?? 0) < (b[differs] ?? 0);
}

function numbersOf(version: string): readonly number[] | undefined {
  return /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
}

const BUNDLE_VERSION = 'gateway.networking.k8s.io/bundle-version';

/** The releases in which the kinds became stable. */
const MINIMUM: ReadonlyMap<string, string> = new Map([
  ['gatewayclasses.gateway.networking.k8s.io', 'v1.0.0'],
  ['gateways.gateway.networking.k8s.io', 'v1.0.0'],
  ['httproutes.gateway.networking.k8s.io', 'v1.0.0'],
  ['referencegrants.gateway.networking.k8s.io', 'v0.6.0'],
  ['grpcroutes.gateway.networking.k8s.io', 'v1.1.0'],
  ['tlsroutes.gateway.networking.k8s.io', 'v1.5.0'],
]);
