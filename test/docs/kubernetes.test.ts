import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { READ_KINDS, readKind } from '../../src/controller/sources/kubernetes/index.ts';

test('docs/kubernetes.md names every kind that is read, with its versions and what becomes of it', async (t) => {
  const text = readFileSync('docs/kubernetes.md', 'utf8');
  const [, table = ''] = text.split('## What is read');
  const rows = [...table.matchAll(/^\| (\w+) \| (\S*) ?\| `(\w+)` \| ([\w, ]+) \| ([\w ]+) \|$/gm)];
  const written = rows.map(([, kind, group = '', plural, versions, effect]) =>
    [kind, group.replaceAll('`', ''), plural, versions, effect].join(' | '),
  );
  const read = READ_KINDS.map((kind) => {
    const { resources, essential } = readKind(kind);
    const versions = resources.map(({ version }) => version).join(', ');
    const effect = essential ? 'nobody is served' : 'goes without';
    return [kind, resources[0]?.group, resources[0]?.plural, versions, effect].join(' | ');
  });
  t.same(written, read);
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

test('the ClusterRole that is shipped allows to list and watch all of it', async (t) => {
  const documents = parseAllDocuments(readFileSync('daemonset/kustomize/base/access.yaml', 'utf8'));
  const objects = documents.map(
    (document) => document.toJS() as { kind: string; metadata: { name: string } },
  );
  const role = objects.find(
    ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'nodemesh-controller',
  );
  const { rules } = role as unknown as { readonly rules: readonly Rule[] };
  const isAllowed = (group: string, plural: string): boolean =>
    ['list', 'watch'].every((verb) =>
      rules.some(
        ({ apiGroups, resources, verbs }) =>
          apiGroups.includes(group) && resources.includes(plural) && verbs.includes(verb),
      ),
    );
  const wanted = READ_KINDS.flatMap((kind) => readKind(kind).resources[0] ?? []);
  t.same(
    wanted.filter(({ group, plural }) => !isAllowed(group, plural)),
    [],
  );
  t.ok(isAllowed('apiextensions.k8s.io', 'customresourcedefinitions'));
});
