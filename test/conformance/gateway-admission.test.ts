import { globSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'tap';
import { formatIssue, inspectObject, objectKindOf } from '../../src/controller/objects/index.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { type CrdOracle, createCrdOracle, type Schema, type Values } from './support/crd-oracle.ts';
import { mutate } from './support/object-mutation.ts';
import { BREACHES, withValueAt } from './support/breaches.ts';
import { RICH_OBJECTS } from './support/rich-objects.ts';

// The parsers are written by hand; the CustomResourceDefinition is what they must agree with, object by object.

const CRDS: Readonly<Record<string, string>> = {
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  GRPCRoute: 'grpcroutes',
  TCPRoute: 'tcproutes',
  TLSRoute: 'tlsroutes',
  ReferenceGrant: 'referencegrants',
};
const oracles = new Map<string, CrdOracle>();

function oracleOf(kind: string): CrdOracle {
  let oracle = oracles.get(kind);
  if (oracle === undefined) {
    const file = `gateway.networking.k8s.io_${CRDS[kind]}.yaml`;
    oracle = createCrdOracle(conformancePath('gateway-api/crd/experimental', file));
    oracles.set(kind, oracle);
  }
  return oracle;
}

interface Example {
  readonly file: string;
  readonly kind: string;
  readonly value: Values;
}

function examples(pattern: string): readonly Example[] {
  const folder = conformancePath();
  return globSync(pattern, { cwd: folder }).flatMap((file) =>
    readDocuments(`${folder}/${file}`).flatMap((value): readonly Example[] => {
      const { kind, apiVersion } = value as { readonly kind?: string; readonly apiVersion?: string };
      if (kind === undefined || CRDS[kind] === undefined || !apiVersion?.startsWith('gateway.')) return [];
      // A place that whoever runs the suite fills in.
      const text = JSON.stringify(value).replaceAll('{GATEWAY_CONTROLLER_NAME}', 'example.com/controller');
      return [{ file, kind, value: JSON.parse(text) as Values }];
    }),
  );
}

function refusals({ value }: Example): readonly string[] {
  const kind = objectKindOf(value);
  if (kind === undefined) return ['not read'];
  return inspectObject(kind, value).issues.map(formatIssue);
}

const VALID = '{gateway-api/{examples,tests,base,mesh},istio/gateway-api-conversion}/**/*.yaml';
const INVALID = 'gateway-api/invalid-examples/**/*.yaml';

test('every valid object is accepted', needsConformanceData(), async (t) => {
  const all = examples(VALID);
  const refused = all
    .map((example) => [example.file, refusals(example)] as const)
    .filter(([, why]) => why.length > 0);
  t.same(refused, []);
  t.ok(all.length > 150, `${all.length} objects were read`);
});

test('every invalid example is refused', needsConformanceData(), async (t) => {
  const all = examples(INVALID);
  t.same(
    all.filter((example) => refusals(example).length === 0).map(({ file }) => file),
    [],
  );
  t.ok(all.length >= 16, `${all.length} objects were refused`);
});

test('the schema of the API says the same of all of them', needsConformanceData(), async (t) => {
  for (const example of [...examples(VALID), ...examples(INVALID)]) {
    const faults = oracleOf(example.kind).faults(example.value);
    const issues = refusals(example);
    t.equal(
      faults.length === 0,
      issues.length === 0,
      `${example.file}: ${[...faults, ...issues].join('; ')}`,
    );
  }
});

test(
  'for every rule of the API there is an object that breaks it, and it is refused',
  needsConformanceData(),
  async (t) => {
    const left = new Set(
      Object.keys(RICH_OBJECTS).flatMap((kind) => rulesOf(kind).map((rule) => `${kind}: ${rule}`)),
    );
    for (const [kind, value] of Object.entries(RICH_OBJECTS)) {
      t.same(
        [...oracleOf(kind).faults(value), ...refusals({ file: '', kind, value })],
        [],
        `${kind} is valid`,
      );
    }
    for (const [kind, path, replacement, rule] of BREACHES) {
      const value = withValueAt(RICH_OBJECTS[kind], path.split('.'), replacement) as Values;
      const faults = oracleOf(kind).faults(value);
      t.ok(
        faults.some((fault) => fault.includes(rule)),
        `${rule}: ${faults.join('; ')}`,
      );
      t.not(refusals({ file: '', kind, value }).length, 0, `${kind} is refused: ${rule}`);
      for (const known of left) if (known.startsWith(`${kind}: `) && known.includes(rule)) left.delete(known);
    }
    t.same(
      [...left].filter((rule) => !UNREACHABLE.some((text) => rule.includes(text))),
      [],
    );
  },
);

test(
  'an object that was changed at random is judged as by the schema and rules of the API',
  needsConformanceData(),
  async (t) => {
    for (const kind of Object.keys(CRDS)) {
      const rich = RICH_OBJECTS[kind];
      const pool = [
        ...(rich === undefined ? [] : [{ file: 'rich', kind, value: rich }]),
        ...[...examples(VALID), ...examples(INVALID)].filter((example) => example.kind === kind),
      ];
      const oracle = oracleOf(kind);
      let accepted = 0;
      let refused = 0;
      fc.assert(
        fc.property(fc.constantFrom(...pool), fc.gen(), (example, g) => {
          const value = mutate(g, oracle.schemaOf(example.value) ?? {}, example.value);
          const faults = oracle.faults(value);
          const issues = refusals({ ...example, value });
          if (faults.length === 0) accepted += 1;
          else refused += 1;
          if ((faults.length === 0) === (issues.length === 0)) return;
          throw new Error(JSON.stringify({ value, faults, issues }, undefined, 1));
        }),
        { numRuns: RUNS },
      );
      t.ok(accepted > 0 && refused > 0, `${kind}: ${accepted} accepted, ${refused} refused`);
    }
  },
);

const RUNS = Number(process.env.NODEMESH_FUZZ_RUNS ?? 800);
/** The schema refuses an object before it could break one of these. */
const UNREACHABLE = [
  "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
  'Hostnames must be valid based on RFC-1123',
  'Wildcards on hostnames must be the first label',
  'Listener name must be unique within the Gateway',
  'Port for TLS configuration must be unique within the Gateway',
];

function rulesOf(kind: string): readonly string[] {
  const schema = oracleOf(kind).schemaOf(RICH_OBJECTS[kind] ?? {});
  return schema?.properties?.spec === undefined ? [] : [...new Set(collectRules(schema.properties.spec))];
}

function collectRules(schema: Schema): readonly string[] {
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message = '' }) => message),
    ...Object.values(schema.properties ?? {}).flatMap(collectRules),
    ...(schema.items === undefined ? [] : collectRules(schema.items)),
  ];
}
