import { readdirSync } from 'node:fs';
import { test } from 'tap';
import { formatIssue, inspectObject, objectKindOf } from '../../src/controller/objects/index.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

const folder = conformancePath('istio', 'crd-validation');

test('objects are accepted and refused as by the schemas of Istio', needsConformanceData(), async (t) => {
  const notRead = new Map<string, number>();
  let held = 0;
  for (const file of readdirSync(folder)) {
    for (const value of readDocuments(conformancePath(folder, file))) {
      const { _err: error, ...object } = value as Record<string, unknown>;
      const named = value as { readonly kind: string; readonly metadata: { readonly name: string } };
      const kind = objectKindOf(object);
      if (kind === undefined) {
        notRead.set(named.kind, (notRead.get(named.kind) ?? 0) + 1);
        continue;
      }
      const issues = inspectObject(kind, object).issues.map(formatIssue);
      const verdict = error === undefined ? 'accepted' : `refused (${String(error)})`;
      t.equal(
        issues.length === 0,
        error === undefined,
        `${file} ${named.metadata.name}: ${verdict}; ${issues.join('; ')}`,
      );
      held += 1;
    }
  }
  t.comment(`${held} cases hold`);
  for (const [kind, count] of notRead)
    t.comment(`not in scope: ${count} cases of ${kind}, which is not read yet`);
  t.ok(held > 0);
});
