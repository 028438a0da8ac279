import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { parse } from 'yaml';
import { cellLines } from '../../src/cli/terminal/index.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';

const FOLDER = 'test/cli/dumps';
const DUMP = `${FOLDER}/waypoint.json`;
const text = (name: string): string => readFileSync(`${FOLDER}/${name}`, 'utf8');
const saved = JSON.parse(text('waypoint.json')) as {
  readonly routes: readonly { readonly namespace: string }[];
  readonly backends: readonly { readonly namespace: string }[];
};

test('routes are a row for each rule, whose cells go on below, and problems stand apart', async (t) => {
  const { code, stdout, stderr } = await nodemesh(['routes', '--file', DUMP]);
  t.equal(code, 0);
  t.equal(stdout, text('routes.txt'));
  t.equal(
    stderr,
    'warning: HTTPRoute shop/cart, rule 2: backend 1: BackendNotFound: backend(shop/nobody) not found; 50% of requests get a 500\n' +
      'warning: GRPCRoute web/ledger, rule 1: filter RateLimit/web/slow: expected one that is valid, got none; requests get a 500\n',
  );
});

test('endpoints are shown with how they do, and why one is left out', async (t) => {
  const { code, stdout, stderr } = await nodemesh(['endpoints', '--file', DUMP]);
  t.equal(code, 0);
  t.equal(stdout, text('endpoints.txt'));
  t.equal(stderr, '');
});

test('both give their data as JSON and YAML, of one namespace if so wished', async (t) => {
  const routes = await nodemesh(['routes', '--file', DUMP, '-o', 'json', '-n', 'web']);
  t.same(
    JSON.parse(routes.stdout),
    saved.routes
      .filter(({ namespace }) => namespace === 'web')
      .map((route) => ({ waypoint: 'shop/waypoint', ...route })),
  );
  t.equal(routes.stderr, '');
  const endpoints = await nodemesh(['endpoints', '--file', DUMP, '-o', 'yaml', '-n', 'infra']);
  t.same(
    parse(endpoints.stdout),
    saved.backends
      .filter(({ namespace }) => namespace === 'infra')
      .map((backend) => ({ waypoint: 'shop/waypoint', replica: '', ...backend })),
  );
});

test('the answers of /routes and /endpoints alone are read too', async (t) => {
  const input = (part: unknown): { readonly input: string } => ({ input: JSON.stringify(part) });
  const routes = await nodemesh(['routes', '--file', '-', '-n', 'nowhere'], input(saved.routes));
  t.equal(routes.stdout, 'No routes found.\n');
  const endpoints = await nodemesh(['endpoints', '--file', '-'], input(saved.backends));
  t.match(endpoints.stdout, / {9}shop\/cart:8080 +cart-1 /);
});

test('standard input may take its time', async (t) => {
  const input = { input: JSON.stringify(saved), inputAfterMs: 800 };
  const { code, stdout } = await nodemesh(['routes', '--file', '-'], input);
  t.equal(code, 0);
  t.equal(stdout, text('routes.txt'));
  const objects = await nodemesh(['lab', 'apply', '-f', '-'], { input: '# nothing', inputAfterMs: 800 });
  t.match(objects.stderr, /no object in -/);
});

test('what is no dump is refused with what was expected', async (t) => {
  const cases: readonly (readonly [command: string, input: string])[] = [
    ['routes', 'no JSON'],
    ['routes', '[]extra'],
    ['routes', '{}'],
    ['routes', 'null'],
    ['routes', '[null]'],
    ['routes', '{"routes":[{"kind":"HTTPRoute","namespace":"a","name":"b","parents":[],"hostnames":[]}]}'],
    ['endpoints', '{"backends":{}}'],
    ['endpoints', '[{"backend":"a"}]'],
    ['endpoints', '[{"backend":"a","namespace":"b","inUse":true,"endpoints":[{"name":"c"}]}]'],
  ];
  for (const [command, input] of cases) {
    const { code, stdout, stderr } = await nodemesh([command, '--file', '-'], { input });
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, /^error: -: expected /, input);
    t.notMatch(stderr, /\n {4}at /);
  }
});

test('a long name goes on behind what parts it, and not within a word', async (t) => {
  t.same(
    cellLines([['com.example.inventory.Stock/Reserve']], 24).map(([cell]) => cell),
    ['com.example.inventory.', '  Stock/Reserve'],
  );
  t.same(
    cellLines([['alpha,beta,gamma,delta']], 12).map(([cell]) => cell),
    ['alpha,beta,', '  gamma,', '  delta'],
  );
});

test('cells of several lines stand below one another, wrapped, with nothing that moves the cursor', async (t) => {
  t.same(cellLines([['a'], ['b', 'c'], []], 10), [
    ['a', 'b', ''],
    ['', 'c', ''],
  ]);
  t.same(cellLines([['one two three'], ['abcdefghijklm']], 10), [
    ['one two', 'abcdefghij'],
    ['  three', '  klm'],
  ]);
  t.same(cellLines([['\u001b[2Ja\u200fb']], 20), [['\\u001b[2Ja\\u200fb']]);
  t.same(cellLines([[], []], 5), [['', '']]);
});
