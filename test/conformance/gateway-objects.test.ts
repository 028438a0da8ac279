import { globSync } from 'node:fs';
import { test } from 'tap';
import { formatIssue, inspectObject, objectKindOf } from '../../src/controller/objects/index.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

/** A place that whoever runs the suite fills in. */
const CONTROLLER_NAME = '{GATEWAY_CONTROLLER_NAME}';

interface Example {
  readonly file: string;
  readonly issues: readonly string[];
}

function examples(pattern: string): readonly Example[] {
  const folder = conformancePath('gateway-api');
  return globSync(pattern, { cwd: folder }).flatMap((file) =>
    readDocuments(`${folder}/${file}`).flatMap((value): readonly Example[] => {
      const kind = objectKindOf(value);
      if (kind !== 'Gateway' && kind !== 'GatewayClass') return [];
      const issues = inspectObject(kind, value).issues.filter(({ got }) => !got.includes(CONTROLLER_NAME));
      return [{ file, issues: issues.map(formatIssue) }];
    }),
  );
}

test(
  'Gateways and their classes that are valid are read without fault',
  needsConformanceData(),
  async (t) => {
    const read = examples('{examples,tests,base,mesh}/**/*.yaml');
    t.same(
      read.filter(({ issues }) => issues.length > 0),
      [],
    );
    t.ok(read.length > 20, `${read.length} objects were read`);
  },
);

test('Gateways that an API server refuses are refused', needsConformanceData(), async (t) => {
  const read = examples('invalid-examples/**/*.yaml');
  t.same(
    read.filter(({ issues }) => issues.length === 0),
    [],
  );
  t.ok(read.length >= 4, `${read.length} objects were refused`);
});
