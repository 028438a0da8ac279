import fc from 'fast-check';
import { test } from 'tap';
import { formatIssue, inspectObject, type ObjectKind } from '../../../src/controller/objects/index.ts';
import { type CrdVerdict, loadCrd } from '../../support/crd-verdict.ts';
import * as admission from '../support/admission-examples.ts';
import * as traffic from '../support/traffic-examples.ts';

const GOOD_SPECS = { ...admission.GOOD_SPECS, TrafficPolicy: traffic.GOOD_SPECS };
const BAD_SPECS = { ...admission.BAD_SPECS, TrafficPolicy: traffic.BAD_SPECS };

const CRDS: Readonly<Record<keyof typeof GOOD_SPECS, CrdVerdict>> = {
  RateLimit: loadCrd('daemonset/crds/nodemesh.io_ratelimits.yaml', 'v1alpha1'),
  FaultInjection: loadCrd('daemonset/crds/nodemesh.io_faultinjections.yaml', 'v1alpha1'),
  Filter: loadCrd('daemonset/crds/nodemesh.io_filters.yaml', 'v1alpha1'),
  TrafficPolicy: loadCrd('daemonset/crds/nodemesh.io_trafficpolicies.yaml', 'v1alpha1'),
};
const KINDS = Object.keys(CRDS) as (keyof typeof GOOD_SPECS)[];

function objectWith(kind: ObjectKind, spec: unknown): unknown {
  return { apiVersion: 'nodemesh.io/v1alpha1', kind, metadata: { name: 'a', namespace: 'shop' }, spec };
}

/** What our parser has against an object. */
function issuesOf(kind: ObjectKind, object: unknown): readonly string[] {
  return inspectObject(kind, object).issues.map(formatIssue);
}

for (const kind of KINDS) {
  test(`${kind}: good examples are accepted by the CRD and by the parser`, async (t) => {
    for (const spec of GOOD_SPECS[kind]) {
      const object = objectWith(kind, spec);
      t.same(CRDS[kind](object), [], JSON.stringify(spec));
      t.same(issuesOf(kind, object), [], JSON.stringify(spec));
    }
  });

  test(`${kind}: bad examples are refused by both`, async (t) => {
    for (const spec of BAD_SPECS[kind]) {
      const object = objectWith(kind, spec);
      t.not(CRDS[kind](object).length, 0, `CRD: ${JSON.stringify(spec)}`);
      t.not(issuesOf(kind, object).length, 0, `parser: ${JSON.stringify(spec)}`);
    }
  });

  test(`${kind}: whatever a good example is changed to, CRD and parser are of one mind`, async (t) => {
    let refused = 0;
    const goodSpecs = fc.constantFrom(...GOOD_SPECS[kind]);
    fc.assert(
      fc.property(goodSpecs, fc.array(mutations, { minLength: 1, maxLength: 2 }), (good, changes) => {
        const spec: unknown = structuredClone(good);
        for (const change of changes) mutate(spec, change);
        const object = objectWith(kind, spec);
        const schema = CRDS[kind](object);
        const parser = issuesOf(kind, object);
        if (parser.length > 0) refused += 1;
        if (schema.length > 0 !== parser.length > 0)
          throw new Error(`${JSON.stringify(spec)}\nCRD: ${schema.join('; ')}\nparser: ${parser.join('; ')}`);
      }),
      { numRuns: 3_000 },
    );
    t.ok(refused > 300 && refused < 2_990, `${refused} of 3,000 were refused`);
  });
}

interface Mutation {
  /** Picks one of all members of the object. */
  readonly at: number;
  readonly how: 'remove' | 'replace' | 'add' | 'repeat';
  readonly name: string;
  readonly value: unknown;
}

const mutations: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(1_000),
  how: fc.constantFrom('remove', 'replace', 'add', 'repeat'),
  name: fc.constantFrom('x', 'name', 'header', 'value', 'percent', 'namespace', 'inline', 'host', 'matches'),
  value: fc.constantFrom<unknown>(
    ...['', 'a', 'A-b', '/x', '1s', '0ms', '90m', '100h', '1s1s1s1s1s', '64Mi', '17', '1024Mi', '10240Mi'],
    ...['a'.repeat(64), `/${'x'.repeat(1100)}`, '-a', 'a.b', 'ä', 'Open', 'Exact', 'Header', 'GET', 'a\n'],
    ...[0, -1, 1, 100, 101, 70_000, 1.5, 2 ** 53, true, false, null, [], {}, [''], [null], { name: 'a' }],
  ),
});

type Container = Record<string, unknown> | unknown[];

function mutate(root: unknown, { at, how, name, ...mutation }: Mutation): void {
  // Values are shared by all runs, and the next change may be one of theirs.
  const value: unknown = structuredClone(mutation.value);
  const places = [...membersOf(root)];
  const place = places[at % places.length];
  if (place === undefined) return;
  const [container, key] = place;
  if (Array.isArray(container)) {
    const index = Number(key);
    if (how === 'remove') container.splice(index, 1);
    else if (how === 'repeat') container.push(structuredClone(container[index]));
    else container[index] = value;
  } else if (how === 'remove') delete container[key];
  else container[how === 'add' ? name : key] = value;
}

function* membersOf(value: unknown): Generator<readonly [Container, string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield [value as Container, key];
    yield* membersOf(member);
  }
}
