// Writes test/daemonset/support/kubernetes-schemas.json from Kubernetes' own OpenAPI documents:
// `node scripts/write-kubernetes-schemas.ts FOLDER`, where FOLDER is api/openapi-spec/v3 of the Go module k8s.io/kubernetes.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where the kinds that an installation consists of, and what a waypoint is made of, are described. */
const DOCUMENTS = [
  'api__v1',
  'apis__admissionregistration.k8s.io__v1',
  'apis__apiextensions.k8s.io__v1',
  'apis__apps__v1',
  'apis__autoscaling__v2',
  'apis__networking.k8s.io__v1',
  'apis__policy__v1',
  'apis__rbac.authorization.k8s.io__v1',
];
const KINDS = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'CustomResourceDefinition',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Namespace',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'Service',
  'ServiceAccount',
  'ValidatingWebhookConfiguration',
]);

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Schema {
  readonly 'x-kubernetes-group-version-kind'?: readonly Kind[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly [member: string]: unknown;
}

const folder = process.argv[2] ?? '';
const all = new Map<string, Schema>();
const kinds: Record<string, string> = {};
for (const name of DOCUMENTS) {
  const text = readFileSync(join(folder, `${name}_openapi.json`), 'utf8');
  const { components } = JSON.parse(text) as { components: { schemas: Record<string, Schema> } };
  for (const [id, schema] of Object.entries(components.schemas)) {
    all.set(id, schema);
    for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? [])
      if (KINDS.has(kind) && documentOf(group, version) === name)
        kinds[`${group === '' ? '' : `${group}/`}${version} ${kind}`] = id;
  }
}

const used = new Map<string, unknown>();
for (const id of Object.values(kinds)) use(id);
const definitions = Object.fromEntries([...used].sort(([one], [other]) => (one < other ? -1 : 1)));
const lines = (record: Readonly<Record<string, unknown>>): string =>
  Object.entries(record)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n');
writeFileSync(
  'test/daemonset/support/kubernetes-schemas.json',
  `{"from":${JSON.stringify(versionOf(folder))},\n"kinds":{\n${lines(kinds)}},\n"definitions":{\n${lines(definitions)}}}\n`,
);

function use(id: string): void {
  if (used.has(id)) return;
  used.set(id, undefined);
  const schema = all.get(id);
  if (schema === undefined) throw new Error(`${id} is named and not described`);
  used.set(id, stripped(schema));
  for (const [, other = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    use(other);
}

/** Without what only people read, and strict: an API server that is asked to be refuses fields that it does not know. */
function stripped(value: unknown, isSchema = true): unknown {
  if (Array.isArray(value)) return value.map((item) => stripped(item));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    if (isSchema && (name === 'description' || name === 'default' || name.startsWith('x-kubernetes-')))
      return [];
    if (name === '$ref' && isSchema && typeof member === 'string')
      return [[name, String(member).replace('#/components/schemas/', '#/definitions/')]];
    if (name === 'allOf' && Array.isArray(member) && member.length === 1 && isSchema)
      return Object.entries(stripped(member[0]) as object);
    return [[name, stripped(member, !(isSchema && name === 'properties'))]];
  });
  const isClosed = isSchema && 'properties' in value && !('additionalProperties' in value) && !isOpen(value);
  return Object.fromEntries(isClosed ? [...members, ['additionalProperties', false]] : members);
}

/** A CustomResourceDefinition's schemas have keys such as x-kubernetes-validations, which are properties there. */
function isOpen(value: object): boolean {
  return 'x-kubernetes-preserve-unknown-fields' in value;
}

function documentOf(group: string, version: string): string {
  return group === '' ? `api__${version}` : `apis__${group}__${version}`;
}

function versionOf(path: string): string {
  return basename(dirname(dirname(dirname(path)))).includes('@')
    ? `k8s.io/${basename(dirname(dirname(dirname(path))))}`
    : 'k8s.io/kubernetes';
}
