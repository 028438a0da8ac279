import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { parse } from 'yaml';
import { defaultGateway } from '../../src/controller/analysis/istio/gateways/index.ts';
import { ISTIO_ANALYZERS } from '../../src/controller/analysis/istio/index.ts';
import { ISTIO, NOT_APPLICABLE } from '../../src/controller/analysis/messages/index.ts';
import { createAnalysedMesh, readAnalysedObject } from '../../src/controller/analysis/subject/index.ts';
import { CONFORMANCE_SETTINGS, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

interface Case {
  readonly name: string;
  readonly analyzer: string;
  readonly inputFiles: readonly string[];
  readonly meshConfigFile: string | null;
  readonly expected: readonly { readonly message: string; readonly object: string }[];
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'CustomResourceDefinition',
  'GatewayClass',
]);

type Name = keyof typeof ISTIO_ANALYZERS;

/** Which of ours do what one of Istio's does. Empty: none of its messages applies. */
const ANALYZERS: Readonly<Record<string, readonly Name[]>> = {
  'annotations.K8sAnalyzer': ['annotations'],
  'authn.BlockedCIDRsAnalyzer': ['jwksRanges'],
  'authz.AuthorizationPoliciesAnalyzer': ['policyWorkloads', 'policyNamespaces'],
  'conditions.ConditionAnalyzer': ['conditions'],
  'deployment.ApplicationUIDAnalyzer': ['applicationUser'],
  'deployment.ServiceAssociationAnalyzer': ['deploymentServices'],
  'deprecation.FieldAnalyzer': ['deprecatedFields'],
  'destinationrule.CaCertificateAnalyzer': ['caCertificates'],
  'destinationrule.PodNotSelectedAnalyzer': ['subsetPods'],
  'gateway.CertificateAnalyzer': ['gatewayCertificates'],
  'gateway.ConflictingGatewayAnalyzer': ['gatewayConflicts'],
  'gateway.IngressGatewayPortAnalyzer': ['gatewayPorts'],
  'gateway.SecretAnalyzer': ['gatewaySecrets'],
  'k8sgateway.CRDVersionAnalyzer': ['gatewayApiVersions'],
  'k8sgateway.SelectorAnalyzer': ['gatewaySelectors'],
  'schemaValidation.CollectionValidationAnalyzer': ['schemas', 'matches'],
  'service.PortNameAnalyzer': ['portNames'],
  'serviceentry.ConflictingServiceEntryProtocolAnalyzer': ['serviceEntryProtocols'],
  'serviceentry.ProtocolAddressesAnalyzer': ['serviceEntryAddresses'],
  'sidecar.SelectorAnalyzer': ['sidecarSelectors'],
  'telemetry.LightstepAnalyzer': ['telemetryProviders'],
  'telemetry.ProviderAnalyzer': ['telemetryProviders'],
  'telemetry.ProdiverAnalyzer': ['telemetryProviders'],
  'telemetry.SelectorAnalyzer': ['telemetrySelectors'],
  'virtualservice.ConflictingMeshGatewayHostsAnalyzer': ['hostConflicts'],
  'virtualservice.DestinationHostAnalyzer': ['destinations'],
  'virtualservice.DestinationRuleAnalyzer': ['subsets'],
  'virtualservice.GatewayAnalyzer': ['gatewayReferences'],
  'virtualservice.JWTClaimRouteAnalyzer': ['jwtClaims'],
  'envoyfilter.EnvoyPatchAnalyzer': [],
  'externalcontrolplane.ExternalControlPlaneAnalyzer': [],
  'injection.Analyzer': [],
  'injection.ImageAnalyzer': [],
  'injection.ImageAutoAnalyzer': [],
  'multicluster.MeshNetworksAnalyzer': [],
  'webhook.Analyzer': [],
};

test('inputs of the supported messages give exactly what Istio finds', needsConformanceData(), async (t) => {
  const cases = JSON.parse(readFileSync(path('expected.json'), 'utf8')) as readonly Case[];
  t.ok(cases.length > 0, `${cases.length} cases`);
  for (const example of cases) {
    const title = `${example.analyzer}: ${example.name}`;
    const names = ANALYZERS[example.analyzer];
    if (names === undefined)
      t.same(findingsOfAll(example), expectedOf(example), `${title} (by its messages)`);
    else if (names.length > 0) t.same(findingsOf(example, names), expectedOf(example), title);
  }
});

test('every message of Istio is supported as it is, or does not apply', needsConformanceData(), async (t) => {
  const { messages } = parse(readFileSync(path('messages.yaml'), 'utf8')) as {
    readonly messages: readonly { name: string; code: string; level: string; template: string }[];
  };
  const ours = new Map(Object.values(ISTIO).map((definition) => [definition.code, definition]));
  for (const { name, code, level, template } of messages) {
    const { name: ownName, level: ownLevel, template: ownTemplate } = ours.get(code) ?? {};
    if (ours.has(code)) t.same([ownName, ownLevel, ownTemplate], [name, level.toLowerCase(), template], code);
    else t.ok(NOT_APPLICABLE[code], `${code} ${name} is said not to apply`);
  }
  t.same(
    [...ours.keys()].filter((code) => NOT_APPLICABLE[code] !== undefined),
    [],
  );
});

/** For an analyzer that we cannot name ours for: what all of ours say of the kind that it is expected to say. */
function findingsOfAll(example: Case): readonly string[] {
  const wanted = new Set(example.expected.map(({ message }) => message));
  const all = findingsOf(example, Object.keys(ISTIO_ANALYZERS) as Name[]);
  return all.filter((text) => wanted.has(text.split(' ', 1)[0] ?? ''));
}

function findingsOf(example: Case, names: readonly Name[]): readonly string[] {
  const files = example.inputFiles.flatMap((file) => readDocuments(path('inputs', file)));
  const objects = files.flatMap((value) => readAnalysedObject(value) ?? []);
  const config =
    example.meshConfigFile === null ? undefined : readDocuments(path('inputs', example.meshConfigFile))[0];
  const mesh = createAnalysedMesh(
    [...objects, ...defaultGateway(CONFORMANCE_SETTINGS.rootNamespace)],
    { ...CONFORMANCE_SETTINGS, clusterDomain: 'cluster.local', complete: false },
    config,
  );
  return names
    .flatMap((name) => [...ISTIO_ANALYZERS[name](mesh)])
    .map(({ definition, object }) => {
      const scope = object.namespace === '' ? '' : `${object.namespace}/`;
      return `${definition.name} ${object.kind} ${scope}${object.name}`;
    })
    .sort();
}

/** Where a case leaves a namespace out, ours is the default one. */
function expectedOf({ expected }: Case): readonly string[] {
  return expected
    .map(({ message, object }) => {
      const [kind = '', name = ''] = object.split(' ');
      const isScoped = name.includes('/') || CLUSTER_KINDS.has(kind);
      return `${message} ${kind} ${isScoped ? '' : 'default/'}${name}`;
    })
    .sort();
}

function path(...parts: readonly string[]): string {
  return conformancePath('istio', 'analyze', ...parts);
}
