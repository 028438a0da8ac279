import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import {
  createManifestSource,
  type ObjectEvent,
  type ObjectSource,
} from '../../../src/controller/sources/index.ts';

const pod = (name: string, extra = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  namespace: shop\n${extra}`;
const policy = (spec: string): string =>
  `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: only-cart\n  namespace: shop\nspec:\n${spec}`;

interface Running {
  readonly directory: string;
  readonly source: ObjectSource;
  readonly write: (name: string, text: string) => Promise<void>;
  /** Everything since the last call, waiting until there is something. */
  readonly take: () => Promise<readonly string[]>;
  readonly quiet: () => Promise<readonly string[]>;
}

async function started(t: Test, files: Readonly<Record<string, string>> = {}): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-manifests-'));
  const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const source = createManifestSource({ directory, resyncMs: 60_000 });
  const got: string[] = [];
  source.events.subscribe((batch) => got.push(...batch.map(describe)));
  t.teardown(async () => {
    await source.close();
    await rm(directory, { recursive: true });
  });
  await source.start();
  const quiet = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setTimeout(resolve, 80));
    return got.splice(0).sort();
  };
  const take = async (): Promise<readonly string[]> => {
    for (let round = 0; got.length === 0 && round < 3_000; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return quiet();
  };
  return { directory, source, write, take, quiet };
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadlineMs) throw new Error('it did not come to that within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function describe(event: ObjectEvent): string {
  if (event.type === 'delete') return `- ${event.kind} ${event.key}`;
  const { meta, kind } = event.object;
  const state = event.faults.length === 0 ? '' : ' (faulty)';
  const labels = [...meta.labels].map(([key, value]) => ` ${key}=${value}`).join('');
  return `+ ${kind} ${meta.namespace}/${meta.name}${labels}${state}`;
}

test('all files are read at the start, several documents and lists too', async (t) => {
  const { quiet } = await started(t, {
    'a.yaml': `${pod('one')}---\n${pod('two')}---\n`,
    'b.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }],
    }),
    '.hidden.yaml': pod('never'),
    'note.txt': 'never',
  });
  t.same(await quiet(), ['+ Namespace /shop', '+ Pod shop/one', '+ Pod shop/two']);
});

test('changes, renames and removals of files are followed, also in folders that appear later', async (t) => {
  const { directory, write, take, quiet } = await started(t, { 'a.yaml': pod('one') });
  t.same(await take(), ['+ Pod shop/one']);
  await write('a.yaml', pod('one', '  labels: {app: x}\n'));
  t.same(await take(), ['+ Pod shop/one app=x']);
  await rename(join(directory, 'a.yaml'), join(directory, 'z.yaml'));
  t.same(await quiet(), [], 'the object has not changed');
  await mkdir(join(directory, 'deeper'));
  await writeFile(join(directory, 'deeper', 'b.yaml'), pod('two'));
  t.same(await take(), ['+ Pod shop/two']);
  await unlink(join(directory, 'z.yaml'));
  t.same(await take(), ['- Pod shop/one']);
});

test('a broken file is reported with line and field, and its objects stay as they were', async (t) => {
  const { source, write, take, quiet } = await started(t, { 'a.yaml': pod('one'), 'b.yaml': pod('two') });
  await take();
  await write('a.yaml', `${pod('one')}spec: {hostNetwork: perhaps}\n`);
  await until(() => source.problems().length > 0);
  t.same(await quiet(), []);
  t.match(source.problems(), [
    { file: 'a.yaml', line: 6, field: 'spec.hostNetwork', object: 'Pod shop/one', severity: 'error' },
  ]);
  await write('a.yaml', 'kind: [Pod\n');
  await until(() => source.problems().some(({ message }) => message.includes('not YAML')));
  t.same(await quiet(), []);
  t.match(source.problems(), [{ file: 'a.yaml', message: /not YAML/ }]);
  await write('b.yaml', pod('two', '  labels: {app: y}\n'));
  t.same(await take(), ['+ Pod shop/two app=y'], 'others go on');
  await write('a.yaml', pod('one'));
  await until(() => source.problems().length === 0);
  t.same(await quiet(), []);
});

test('a file that was written to break its reader is an error, and others are read', async (t) => {
  const list = 'apiVersion: v1\nkind: List\nitems:';
  const { source, quiet } = await started(t, {
    'a.yaml': `${list} [null, 5, [[null]]]\n`,
    'b.yaml': `&all\n${list} [*all]\n`,
    'c.yaml': `${pod('own')}  labels: &own {a: *own}\n`,
    'd.yaml': `{apiVersion: v1, kind: List, items: ${'['.repeat(500)}${']'.repeat(500)}}\n`,
    'e.yaml': `a: &a [x, x]\n${Array.from('bcdefghijklmnopqrst', (name, index) => `${name}: &${name} [*${'abcdefghijklmnopqrs'[index]}, *${'abcdefghijklmnopqrs'[index]}]\n`).join('')}`,
    'z.yaml': pod('one'),
  });
  t.same(await quiet(), ['+ Pod shop/one']);
  const told = Map.groupBy(source.problems(), ({ file }) => file);
  t.same([...told.keys()].sort(), ['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml']);
  for (const file of ['b.yaml', 'c.yaml', 'd.yaml'])
    t.match(told.get(file), [{ message: 'nested deeper than 200 levels' }], file);
  t.match(told.get('e.yaml'), [{ message: /not YAML: Excessive alias count/ }]);
});

test('a policy that cannot be understood is passed on as faulty, whatever was there before', async (t) => {
  const { source, write, take } = await started(t, { 'p.yaml': policy('  action: ALLOW\n') });
  t.same(await take(), ['+ AuthorizationPolicy shop/only-cart']);
  await write('p.yaml', policy('  rules:\n  - form:\n    - source: {namespaces: [shop]}\n'));
  t.same(await take(), ['+ AuthorizationPolicy shop/only-cart (faulty)']);
  t.match(source.problems(), [{ line: 8, field: 'spec.rules[0].form' }]);
  await write('p.yaml', policy('  rules:\n  - from: [\n'));
  t.same(
    await take(),
    ['+ AuthorizationPolicy shop/only-cart (faulty)'],
    'also when it is not YAML any more',
  );
});

test('an object in two files is reported, and the first file by name counts', async (t) => {
  const { source, directory, take } = await started(t, {
    'b.yaml': pod('one', '  labels: {from: b}\n'),
    'a.yaml': pod('one', '  labels: {from: a}\n'),
  });
  t.same(await take(), ['+ Pod shop/one from=a']);
  t.match(source.problems(), [{ file: 'b.yaml', message: /a\.yaml/ }]);
  await unlink(join(directory, 'a.yaml'));
  t.same(await take(), ['+ Pod shop/one from=b']);
  t.same(source.problems(), []);
});

test('a file that is empty for a moment keeps its objects, one that stays empty loses them', async (t) => {
  const { write, quiet, take } = await started(t, { 'a.yaml': pod('one') });
  await take();
  await write('a.yaml', '');
  t.same(await quiet(), []);
  await write('a.yaml', pod('one', '  labels: {app: x}\n'));
  t.same(await take(), ['+ Pod shop/one app=x']);
  await write('a.yaml', '');
  t.same(await take(), ['- Pod shop/one']);
});

test('unknown kinds are passed over with one notice, other nonsense is an error', async (t) => {
  const { source } = await started(t, {
    'a.yaml': 'apiVersion: apps/v1\nkind: DaemonSet\n---\napiVersion: apps/v1\nkind: DaemonSet\n---\nhello\n',
    'b.yaml': 'apiVersion: apps/v1\nkind: DaemonSet\n',
  });
  t.match(source.problems(), [
    { severity: 'notice', message: /apps\/v1 DaemonSet/ },
    { severity: 'error', line: 7 },
  ]);
  t.equal(source.problems().length, 2);
});

test('a directory that goes and comes back under the same name is followed again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-manifests-'));
  await writeFile(join(directory, 'a.yaml'), pod('one'));
  const source = createManifestSource({ directory, resyncMs: 100 });
  const got: string[] = [];
  source.events.subscribe((batch) => got.push(...batch.map(describe)));
  await source.start();
  await rename(directory, `${directory}-away`);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.same(got, ['+ Pod shop/one'], 'nothing is forgotten meanwhile');
  await mkdir(directory);
  await writeFile(join(directory, 'b.yaml'), pod('two'));
  for (let round = 0; got.length < 3 && round < 3_000; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.same(got.slice(1).sort(), ['+ Pod shop/two', '- Pod shop/one']);
  await source.close();
  await rm(directory, { recursive: true });
  await rm(`${directory}-away`, { recursive: true });
});

test('a directory that does not exist is refused at the start', async (t) => {
  const source = createManifestSource({ directory: '/nonexistent/manifests' });
  await t.rejects(source.start(), { code: 'ERR_CONTROLLER_MANIFESTS' });
  await source.close();
});

test('an unknown field of a route is passed over with a notice at its line', async (t) => {
  const { source, quiet } = await started(t, {
    'a.yaml': [
      'apiVersion: gateway.networking.k8s.io/v1',
      'kind: HTTPRoute',
      'metadata: { name: cart, namespace: shop }',
      'spec:',
      '  parentRefs: []',
      '  misspelt: 1',
    ].join('\n'),
  });
  t.match(source.problems(), [
    { severity: 'notice', line: 6, field: 'spec.misspelt', object: 'HTTPRoute shop/cart' },
  ]);
  t.same(await quiet(), ['+ HTTPRoute shop/cart']);
});

test('versions of an object are counted where nobody else does, and others are left as they are', async (t) => {
  const generations: number[] = [];
  const { source, write, take } = await started(t, { 'a.yaml': pod('one') });
  source.events.subscribe((batch) => {
    for (const event of batch) if (event.type === 'upsert') generations.push(event.object.meta.generation);
  });
  for (const label of ['a', 'b']) {
    await write('a.yaml', pod('one', `  labels: { app: ${label} }\n`));
    await take();
  }
  await write('a.yaml', pod('one', '  generation: 9\n'));
  await take();
  t.same(generations, [2, 3, 9]);
});

test('an object in a version that is not read is an error that names those that are', async (t) => {
  const old = 'apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: HTTPRoute\nmetadata: { name: cart }\n';
  const other = 'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: cart }\n';
  const { source } = await started(t, { 'a.yaml': old, 'b.yaml': other });
  t.match(source.problems(), [
    { severity: 'error', field: 'apiVersion', message: /HTTPRoute: expected one of .*v1, .*got/ },
    { severity: 'notice', message: /networking\.istio\.io\/v1 Gateway/ },
  ]);
});
