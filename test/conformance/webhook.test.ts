import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { type AnalysedObject, readAnalysedObject } from '../../src/controller/analysis/index.ts';
import { analyze } from '../../src/controller/index.ts';
import { judgeAdmission } from '../../src/controller/webhook/review/index.ts';
import { CONFORMANCE_SETTINGS, readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

interface Case {
  readonly name: string;
  readonly analyzer: string;
  readonly inputFiles: readonly string[];
}

const SETTINGS = { ...CONFORMANCE_SETTINGS, clusterDomain: 'cluster.local', complete: false };

test(
  'of the inputs for analyze each object with an error is refused, and each without is taken',
  needsConformanceData(),
  async (t) => {
    const cases = JSON.parse(readFileSync(path('expected.json'), 'utf8')) as readonly Case[];
    let [refused, taken] = [0, 0];
    for (const { name, analyzer, inputFiles } of cases) {
      const contents = inputFiles.flatMap((file) => readDocuments(path('inputs', file)));
      const objects = contents.flatMap((content) => readAnalysedObject(content) ?? []);
      const faulty = new Set(
        analyze(objects, { settings: SETTINGS })
          .filter(({ definition }) => definition.level === 'error')
          .map(({ object }) => object),
      );
      // Of objects that are in an input twice either counts.
      const single = objects.filter((one) =>
        objects.every((other) => other === one || keyOf(other) !== keyOf(one)),
      );
      for (const object of single) {
        const { allowed, message } = review(object, contents);
        if (allowed) taken += 1;
        else refused += 1;
        const title = `${analyzer} ${name}: ${keyOf(object)}`;
        if (allowed === faulty.has(object))
          t.fail(`${title} is ${allowed ? 'taken' : `refused: ${message}`}`);
      }
    }
    t.ok(refused > 50, `${refused} are refused`);
    t.ok(taken > 50, `${taken} are taken`);
  },
);

function review(object: AnalysedObject, neighbours: readonly unknown[]) {
  return judgeAdmission(
    {
      uid: 'x',
      operation: 'CREATE',
      kind: `${object.group}/${object.kind}`,
      subresource: '',
      namespace: object.namespace,
      dryRun: true,
      object: object.content,
      before: undefined,
    },
    { neighbours, known: () => true, settings: SETTINGS },
  );
}

function keyOf({ group, kind, namespace, name }: AnalysedObject): string {
  return `${group}/${kind} ${namespace}/${name}`;
}

function path(...parts: readonly string[]): string {
  return conformancePath('istio', 'analyze', ...parts);
}
