import { parse } from 'yaml';
import { describeError } from '../../../base/index.ts';
import { checkTrustDomain, ModelError } from '../../../model/index.ts';
import type { Field } from '../fields/index.ts';
import { type LabelQuery, parseLabelQuery } from '../gateway-api/index.ts';
import { type ExtensionProviderObject, parseExtensionProvider } from './extension-provider.ts';
import { type MeshTelemetryObject, parseMeshTelemetry, unusedDefaults } from './mesh-telemetry.ts';

/** The part of Istio's MeshConfig that the mesh reads. */
export interface MeshConfigObject {
  readonly extensionProviders: readonly ExtensionProviderObject[];
  /** Trust domains that are the same as the mesh's own where policies name them. */
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: (typeof NORMALIZATIONS)[number];
  readonly telemetry: MeshTelemetryObject;
  /** Namespaces that one of them selects are of the mesh; without any, all are. */
  readonly discoverySelectors: readonly LabelQuery[];
  /** Fields that are there and that nobody reads. */
  readonly unused: readonly string[];
}

/** Names of the ConfigMap, in the root namespace; the first wins where both are there. */
export const MESH_CONFIG_NAMES: readonly string[] = ['nodemesh', 'istio'];

/** Reads the YAML text of `field`. Fields of MeshConfig that are of no use here are passed over, and named. */
export function parseMeshConfig(field: Field): MeshConfigObject {
  const root = field.holding(parseYaml(field)).object();
  const normalization = root.key('pathNormalization').object(['normalization']).key('normalization');
  const providers = root.key('extensionProviders').items(1_000);
  return {
    extensionProviders: withoutRepetition(providers.map(parseExtensionProvider), providers),
    trustDomainAliases: parseAliases(root.key('trustDomainAliases')),
    pathNormalization: normalization.oneOf(NORMALIZATIONS) ?? 'DEFAULT',
    telemetry: parseMeshTelemetry(root),
    discoverySelectors: root.key('discoverySelectors').items(100).map(parseDiscoverySelector),
    unused: [
      ...root
        .entries()
        .map(([name]) => name)
        .filter((name) => !USED.has(name)),
      ...unusedDefaults(root),
    ],
  };
}

function parseDiscoverySelector(field: Field): LabelQuery {
  const query = parseLabelQuery(field.required());
  const operators = field.key('matchExpressions').items();
  // Elsewhere what is no operator never holds; here a slip of the pen would take half a cluster out of the mesh.
  for (const item of operators) {
    const operator = item.key('operator').oneOf(OPERATORS);
    const values = item.key('values');
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues && values.items().length === 0) values.issue(`values, for ${operator}`);
    if (operator !== undefined && !needsValues && values.items().length > 0)
      values.issue(`no values, for ${operator}`);
  }
  return query;
}

function parseYaml(field: Field): unknown {
  const text = field.text();
  if (text === undefined) return undefined;
  try {
    return (parse(text, { logLevel: 'error', prettyErrors: false }) as unknown) ?? undefined;
  } catch (error) {
    field.issue('YAML', describeError(error).split('\n', 1)[0] ?? '');
    return undefined;
  }
}

function withoutRepetition(
  providers: readonly ExtensionProviderObject[],
  fields: readonly Field[],
): readonly ExtensionProviderObject[] {
  const names = new Set<string>();
  return providers.filter(({ name }, index) => {
    if (names.has(name)) fields[index]?.key('name').issue('a name that no other provider has');
    return !names.has(name) && names.add(name);
  });
}

function parseAliases(field: Field): readonly string[] {
  return field.items().flatMap((item) => {
    const text = item.text();
    if (text === undefined) return [];
    try {
      return [checkTrustDomain(text)];
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      item.issue('a trust domain such as cluster.local');
      return [];
    }
  });
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
const NORMALIZATIONS = ['DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
const USED: ReadonlySet<string> = new Set([
  'accessLogEncoding',
  'accessLogFile',
  'accessLogFormat',
  'defaultConfig',
  'defaultProviders',
  'discoverySelectors',
  'enableTracing',
  'extensionProviders',
  'pathNormalization',
  'trustDomainAliases',
]);
