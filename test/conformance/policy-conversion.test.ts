import { readdirSync } from 'node:fs';
import { test } from 'tap';
import { inspectObject, type MeshObject, objectKindOf } from '../../src/controller/objects/index.ts';
import {
  translateAuthorizationPolicy,
  translatePeerAuthentication,
} from '../../src/controller/translate/index.ts';
import { type AuthorizationPolicy, cidrFromBytes, formatCidr, type Match } from '../../src/model/index.ts';
import { CONFORMANCE_SETTINGS, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

const folder = conformancePath('istio', 'ambient-policy-conversion');

test('policies become the L4 rules that Istio makes of them', needsConformanceData(), async (t) => {
  const inputs = readdirSync(folder).filter((name) => name.endsWith('-in.yaml'));
  t.ok(inputs.length > 0, `${inputs.length} cases`);
  for (const input of inputs) {
    const name = input.slice(0, -'-in.yaml'.length);
    const objects = readDocuments(conformancePath(folder, input)).map(parse);
    const expected = readDocuments(conformancePath(folder, `${name}.yaml`)).map(normalizeGolden);
    t.same(translateAll(objects).map(normalizePolicy), expected, name);
  }
});

function parse(value: unknown): MeshObject {
  const kind = objectKindOf(value);
  if (kind === undefined) throw new Error('a kind that is not read');
  // The cases leave the namespace out, and so do their results.
  const { object, issues } = inspectObject(kind, value, '');
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return object;
}

function translateAll(objects: readonly MeshObject[]): readonly AuthorizationPolicy[] {
  const { rootNamespace } = CONFORMANCE_SETTINGS;
  const peers = objects.flatMap((object) => (object.kind === 'PeerAuthentication' ? [object] : []));
  const unselective = peers.filter((peer) => peer.selector === undefined);
  return objects.flatMap((object) => {
    if (object.kind === 'AuthorizationPolicy') {
      return translateAuthorizationPolicy(object, CONFORMANCE_SETTINGS).policy ?? [];
    }
    if (object.kind !== 'PeerAuthentication') return [];
    const levels = {
      mesh: unselective.filter((peer) => peer.meta.namespace === rootNamespace),
      namespace: unselective.filter(
        (peer) => peer.meta.namespace === object.meta.namespace && peer.meta.namespace !== rootNamespace,
      ),
    };
    return translatePeerAuthentication(object, levels, rootNamespace) ?? [];
  });
}

interface Golden {
  readonly name: string;
  readonly namespace?: string;
  readonly scope?: string;
  readonly action?: string;
  readonly dryRun?: boolean;
  readonly groups?: readonly { readonly rules?: readonly { readonly matches?: readonly unknown[] }[] }[];
}

/** Both sides as text without order or repetition where those mean nothing: groups, clauses, matches and values. */
function normalizeGolden(value: unknown): unknown {
  const golden = value as Golden;
  return {
    name: golden.name,
    namespace: golden.namespace ?? '',
    scope: golden.scope ?? 'GLOBAL',
    action: golden.action ?? 'ALLOW',
    dryRun: golden.dryRun ?? false,
    rules: setOf(
      (golden.groups ?? []).map((group) =>
        setOf((group.rules ?? []).map((clause) => setOf((clause.matches ?? []).map(normalizeGoldenMatch)))),
      ),
    ),
  };
}

function normalizePolicy(policy: AuthorizationPolicy): unknown {
  return {
    name: policy.name,
    namespace: policy.namespace,
    scope: policy.scope.toUpperCase().replace('-', '_'),
    action: policy.action.toUpperCase(),
    dryRun: policy.dryRun,
    rules: setOf(
      policy.rules.map((rule) =>
        setOf(rule.clauses.map((clause) => setOf(clause.matches.map(normalizeMatch)))),
      ),
    ),
  };
}

function normalizeMatch(match: Match): unknown {
  const lists = Object.entries(match).map(([name, values]) => [
    name,
    setOf(
      (values as readonly unknown[]).map((value) => {
        if (typeof value !== 'object' || value === null) return value;
        if ('prefixLength' in value) return formatCidr(value as Parameters<typeof formatCidr>[0]);
        return value;
      }),
    ),
  ]);
  return Object.fromEntries(lists.filter(([, values]) => (values as unknown[]).length > 0));
}

function normalizeGoldenMatch(value: unknown): unknown {
  const lists = Object.entries(value as Record<string, readonly unknown[]>).map(([name, values]) => [
    name,
    setOf(values.map(normalizeGoldenValue)),
  ]);
  return Object.fromEntries(lists);
}

function normalizeGoldenValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('address' in value) {
    const { address, length = 0 } = value as { address: string; length?: number };
    return formatCidr(cidrFromBytes(Buffer.from(address, 'base64'), length));
  }
  if ('namespace' in value || 'serviceAccount' in value) return value;
  const [[kind, text] = ['presence', {}]] = Object.entries(value);
  return kind === 'presence' ? { kind } : { kind, value: text };
}

function setOf(values: readonly unknown[]): unknown[] {
  const texts = [...new Set(values.map((value) => JSON.stringify(sortKeys(value))))].sort();
  return texts.map((text) => JSON.parse(text));
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
