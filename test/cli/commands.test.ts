import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { excerptAround } from '../../src/cli/demo/steps/plaintext.ts';
import { withOtherPorts } from '../../src/cli/mesh/admin.ts';
import { formatTable } from '../../src/cli/terminal/index.ts';
import { ownStyle } from '../../src/cli/terminal/own-sequences.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

test('help names the groups, the commands and examples', async (t) => {
  const { code, stdout } = await nodemesh(['--help']);
  t.equal(code, 0);
  for (const text of [
    'A mesh on this machine:',
    'What the mesh knows:',
    'workloads',
    'Examples:',
    '$ nodemesh lab up',
  ])
    t.match(stdout, text);
  t.notMatch(stdout, 'lab-supervisor');
});

test('a mistyped command is answered with the one that was meant', async (t) => {
  const { code, stderr } = await nodemesh(['workload']);
  t.equal(code, 1);
  t.match(stderr, /unknown command 'workload'\n\(Did you mean workloads\?\)/);
});

test('the listing of a proxy has what its other ports serve too', async (t) => {
  t.equal(
    withOtherPorts('GET  /routes  the routes\n'),
    'GET  /routes  the routes\nGET  /metrics  what Prometheus scrapes\nGET  /healthz/ready  whether it is ready\n',
  );
});

test('a sample of what was read has the word in it that it is shown for', async (t) => {
  t.equal(excerptAround('card=4111', '4111'), 'card=4111');
  const long = `${'head '.repeat(40)}card=4111 ${'tail '.repeat(40)}`;
  t.match(excerptAround(long, '4111'), /^….*card=4111 tail/);
  t.ok(excerptAround(long, '4111').length <= 101);
});

test('a default that stands for nothing is not in the help', async (t) => {
  for (const args of [
    ['lab', 'logs'],
    ['lab', 'apply'],
  ]) {
    const { stdout } = await nodemesh([...args, '--help']);
    t.notMatch(stdout, 'default: ""');
    t.notMatch(stdout, 'default: []');
  }
  t.match((await nodemesh(['lab', 'get', '--help'])).stdout, 'default: "default"');
});

test('the lab may be given as --name and as --lab, wherever that can mean nothing else', async (t) => {
  for (const args of [
    ['lab', 'get', 'pods', '--lab', 'nosuch'],
    ['lab', 'get', 'pods', '--name', 'nosuch'],
    ['workloads', '--name', 'nosuch'],
    ['workloads', '--lab', 'nosuch'],
    ['waypoint', 'list', '--name', 'nosuch'],
  ])
    t.match((await nodemesh(args)).stderr, /no lab .*nosuch/, args.join(' '));
  t.match((await nodemesh(['waypoint', 'generate', '--name', 'edge'])).stdout, 'name: edge');
});

test('an option that is no number says what it should be', async (t) => {
  const { code, stderr } = await nodemesh(['lab', 'up', '--nodes', 'two']);
  t.equal(code, 1);
  t.match(stderr, /Expected a whole number/);
});

const MISTAKES: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
  [
    'a part of the mesh that there is not',
    ['lab', 'kill', 'ztunnl', 'node-1'],
    /expected "ztunnel NODE" or "controller", got "ztunnl node-1"/,
  ],
  ['a ztunnel without its node', ['lab', 'kill', 'ztunnel'], /expected "ztunnel NODE".*got "ztunnel"/],
  ['an apply of nothing', ['lab', 'apply'], /say what to apply: -f FILE/],
  ['a file without objects', ['lab', 'apply', '-f', '/dev/null'], /no object in \/dev\/null/],
  [
    'a lifetime that is no duration',
    ['lab', 'up', '--name', 'never', '--svid-ttl', '10parsecs'],
    /'10parsecs' is invalid. Expected a duration such as 10s/,
  ],
  [
    'a log level that there is not',
    ['lab', 'up', '--name', 'never', '--log-level', 'loud'],
    /'loud' is invalid. Expected one of trace, debug/,
  ],
  ['more nodes than fit', ['lab', 'up', '--name', 'never', '--nodes', '101'], /from 1 to 100 nodes, got 101/],
  ['a dump that is not there', ['workloads', '--file', '/nowhere'], /cannot read the config dump \/nowhere/],
  ['a waypoint without a name', ['waypoint', 'delete'], /say which waypoints: their names, or --all/],
  [
    'a waypoint for something else',
    ['waypoint', 'generate', '--for', 'pods'],
    /Allowed choices are service, workload, all, none/,
  ],
  ['a waypoint called none', ['waypoint', 'generate', '--name', 'none'], /cannot be called none/],
  [
    'a scale of nothing',
    ['lab', 'scale', 'deploy', '--replicas', '2'],
    /expected a kind and a name, as deploy\/cart/,
  ],
  [
    'an admin page of nobody',
    ['admin', 'nobody', '/metrics'],
    /expected ztunnel\/NODE, waypoint\/NAMESPACE\/NAME or controller, got "nobody"/,
  ],
  [
    'a waypoint without its namespace',
    ['admin', 'waypoint/edge'],
    /expected ztunnel\/NODE, waypoint\/NAMESPACE\/NAME or controller, got "waypoint\/edge"\nhint: .*nodemesh waypoint list -A/,
  ],
  [
    'a pod of a ztunnel',
    ['admin', 'ztunnel/node-1', '--pod', 'ztunnel-1'],
    /--pod: expected a part waypoint\/NAMESPACE\/NAME, got "ztunnel\/node-1"/,
  ],
];

for (const [what, args, said] of MISTAKES) {
  test(`${what} is refused with what was expected`, async (t) => {
    const { code, stdout, stderr } = await nodemesh(args);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, said);
    t.notMatch(stderr, /\n {4}at /);
  });
}

test('asking for a lab that is not running says how to start one', async (t) => {
  const { code, stderr } = await nodemesh(['lab', 'status', '--name', 'nowhere']);
  t.equal(code, 1);
  t.match(stderr, /error: no lab called nowhere is running\nhint: /);
  t.match(stderr, 'ERR_LAB_NOT_RUNNING');
});

test('a manifest that is not YAML is refused before anything is started', async (t) => {
  const { code, stderr } = await nodemesh(['lab', 'up', '--name', 'never', '-f', '-'], { input: 'kind: [' });
  t.equal(code, 1);
  t.match(stderr, /standard input:1: /);
});

test('the version of the package is told', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.match((await nodemesh(['version'])).stdout, `nodemesh ${version}\n`);
  t.equal((await nodemesh(['--version'])).stdout, `${version}\n`);
});

const [red, green] = [ownStyle('31', '39'), ownStyle('32', '39')];

test('cells may be coloured by us, and nothing else that a terminal obeys', async (t) => {
  const table = formatTable(
    ['NAME', 'STATE'],
    [['a\u001b[2Jb\u202ec\nd\u009b1m\u2028\u001b[31m', red('failed')]],
  );
  t.equal(
    table,
    `NAME                                              STATE\na\\u001b[2Jb\\u202ec\\u000ad\\u009b1m\\u2028\\u001b[31m ${red('failed')}\n`,
  );
});

test('columns are as wide as their widest cell, colours not counted', async (t) => {
  t.equal(
    formatTable(
      ['A', 'LONG'],
      [
        [green('wide'), 'x'],
        ['b', ''],
      ],
    ),
    `A    LONG\n${green('wide')} x\nb\n`,
  );
});

test('a config dump is shown as istioctl shows it', needsConformanceData(), async (t) => {
  const folder = 'istio/ztunnel-config-dump';
  const expected = (name: string): string => readFileSync(conformancePath(`${folder}/${name}`), 'utf8');
  const cases: readonly (readonly [string, string, ...string[]])[] = [
    ['workloadsummary.txt', 'dump.json', 'workloads'],
    ['workloadsummary_default.txt', 'dump.json', 'workloads', '-n', 'default'],
    ['workloadsummary_workload.txt', 'dump.json', 'workloads', '--address', '10.244.2.53'],
    ['policies.txt', 'dump.json', 'policies'],
    ['secretsummary.txt', 'dump.json', 'certificates'],
    ['connectionsummary.txt', 'connectionsdump.json', 'connections'],
  ];
  for (const [file, dump, ...args] of cases) {
    const { stdout } = await nodemesh([...args, '--file', conformancePath(`${folder}/${dump}`)]);
    t.equal(stdout, expected(file), `${args.join(' ')} → ${file}`);
  }
  const services = (await nodemesh(['services', '--file', conformancePath(`${folder}/dump.json`)])).stdout;
  t.match(expected('allsummary.txt'), services);
});
