import { globSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { field, listField, textField } from '../../src/cli/lab/objects/object-fields.ts';
import { inspectAll } from '../../src/cli/lab/objects/validate.ts';
import { LAB_KIND, type ManifestObject, parseManifests } from '../../src/lab/cluster/index.ts';
import { shopObjects } from '../../src/lab/sample/index.ts';

/** What an example may name beside what it has itself: the default lab, with a waypoint in its namespace. */
const PRESENT = new Set([
  ...shopObjects().map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  'Gateway waypoint',
]);

/** Blocks of YAML that are whole objects; parts of objects are not for applying. */
function examplesOf(file: string): readonly (readonly ManifestObject[])[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms);
  return [...blocks]
    .map(([, text = '']) => text)
    .filter((text) => text.includes('apiVersion:'))
    .map((text) => parseManifests(text, file).filter(({ kind }) => kind !== LAB_KIND));
}

/** `Service cart`, for everything that an object sends to or is attached to. */
function namedBy({ spec }: ManifestObject): readonly string[] {
  const references = [
    ...listField(spec, 'targetRefs'),
    ...listField(spec, 'parentRefs'),
    ...listField(spec, 'rules').flatMap((rule) => listField(rule, 'backendRefs')),
  ];
  return references.map(
    (reference) => `${textField(reference, 'kind') ?? 'Service'} ${String(field(reference, 'name'))}`,
  );
}

for (const file of ['README.md', ...globSync('docs/*.md')]) {
  const examples = examplesOf(file);
  if (examples.length === 0) continue;
  test(`objects in ${file} can be applied to the default lab as they stand`, async (t) => {
    for (const objects of examples) {
      const { problems, notices } = await inspectAll(objects);
      t.same([...problems.values()], []);
      t.same([...notices.values()], []);
      const own = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      for (const name of objects.flatMap(namedBy))
        t.ok(PRESENT.has(name) || own.includes(name), `${name} is there`);
    }
  });
}
