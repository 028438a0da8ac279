import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { after, before, test } from 'tap';
import { parseSpiffeId } from '../../src/model/index.ts';
import { createSigningRequest } from '../../src/identity/index.ts';
import { type AttackCertificates, stealAuthority } from './support/attack-certificates.ts';
import type { PodName } from './support/lab-under-test.ts';
import { authorizationPolicy, peerAuthentication, pod } from './support/objects.ts';
import { startWorld, until, type World } from './support/world.ts';

const CLIENT = 'spiffe://cluster.local/ns/shop/sa/client';
const SERVER = 'spiffe://cluster.local/ns/shop/sa/server';
const PROGRAMS = resolve('test/mesh/programs');
const CONTROLLER = { address: '172.30.0.250:15012', serverName: 'nodemesh-controller.nodemesh-system.svc' };

let world: World;
let folder: string;
let state: string;
let certificates: AttackCertificates;
let target: string;
let target6: string;
let neighbour: string;
let ztunnels: readonly string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nodemesh-attack-'));
  const more = [
    pod({
      namespace: 'shop',
      name: 'neighbour',
      node: 'node-2',
      serviceAccount: 'server',
      program: 'server.ts',
    }),
    pod({ namespace: 'outside', name: 'near', node: 'node-2' }),
  ];
  world = await startWorld({ name: 'security', namespaces: { shop: true, outside: false }, more });
  state = /state in (\S+)/.exec(await world.lab.lab('status'))?.[1] ?? '';
  certificates = await stealAuthority(state, CLIENT);
  target = await world.serverAddress('shop');
  target6 = await world.serverAddress('shop', 6);
  neighbour = await podAddress('neighbour');
  // Each ztunnel has an address of its node's pod range, which no object tells.
  ztunnels = [1, 2].flatMap((node) => Array.from({ length: 8 }, (_, at) => `10.244.${node}.${at + 2}`));
});
after(async () => {
  await world.lab.down();
  await rm(folder, { recursive: true, force: true });
});

type Answers = Readonly<Record<string, string>>;
const outsider = (): PodName => world.client('outside');
const near: PodName = { namespace: 'outside', name: 'near' };

let files = 0;
/** Runs a program of test/mesh/programs in a pod, with a plan in a private file, and parses its answer. */
async function run(from: PodName, program: string, args: readonly string[], plan: object): Promise<Answers> {
  const path = join(folder, `${files++}.json`);
  await writeFile(path, JSON.stringify(plan), { mode: 0o600 });
  const command = ['node', join(PROGRAMS, program), ...args, path];
  const printed = await world.lab.lab('exec', '-n', from.namespace, from.name, '--', ...command);
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Answers;
}

const attack = (behaviour: string, plan: object, from = outsider()): Promise<Answers> =>
  run(from, 'attacker.ts', [behaviour], plan);

async function podAddress(name: string): Promise<string> {
  const text = await world.lab.lab('get', 'pod', name, '-n', 'shop', '-o', 'json');
  return (JSON.parse(text) as { status: { podIP: string } }).status.podIP;
}

const nodeLog = (): Promise<string> => world.lab.lab('logs', 'ztunnel/node-2');

/** Refusals at the destination, by reason, of all ztunnels; asked for by a pod outside the mesh, as Prometheus would. */
async function refusals(): Promise<ReadonlyMap<string, number>> {
  const { pages } = (await attack('metrics', { hosts: ztunnels })) as unknown as { pages: readonly string[] };
  const found = new Map<string, number>();
  for (const [, reason = '', count] of pages
    .join('\n')
    .matchAll(/^nodemesh_refusals_total\{reporter="destination",reason="([^"]+)"[^}]*\} (\d+)/gm)) {
    found.set(reason, (found.get(reason) ?? 0) + Number(count));
  }
  return found;
}

const tunnelTo = (authority: string, more: Answers = {}) => ({
  ':method': 'CONNECT',
  ':authority': authority,
  ...more,
});

test('who shows no certificate of the mesh gets no session, with a reason in log and metrics', async (t) => {
  const ask = { host: target, port: 15008, headers: tunnelTo(`${target}:7000`), say: 'ping' };
  const { valid, rootPem: _root, ...bad } = certificates;
  const answers = await attack('tunnels', {
    probes: [
      { ...ask, name: 'valid', ...valid },
      { ...ask, name: 'none' },
      { ...ask, name: 'tls12', ...valid, tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
      { ...ask, name: 'http1', ...valid, tls: { ALPNProtocols: ['http/1.1'] } },
      { ...ask, name: 'noAlpn', ...valid, tls: { ALPNProtocols: [] } },
      ...Object.entries(bad).map(([name, shown]) => ({ ...ask, name, ...shown })),
    ],
  });
  const { valid: served, ...others } = answers;
  t.equal(served, '200 ping', 'the attack itself works: with a good certificate it is let in');
  for (const [name, outcome] of Object.entries(others)) t.match(outcome, /^refused/, name);
  t.equal(Object.keys(others).length, 14);
  const plain = { host: target, port: 15008, name: 'plain', say: 'GET / HTTP/1.1\r\nhost: x\r\n\r\n' };
  t.match((await attack('plain', { probes: [plain] })).plain, /^refused/);

  const reasons = [
    'ERR_IDENTITY_PEER_EXPIRED',
    'ERR_IDENTITY_PEER_TRUST_DOMAIN',
    'ERR_IDENTITY_PEER_NOT_YET_VALID',
    'ERR_IDENTITY_PEER_SAN',
    'ERR_IDENTITY_PEER_SELF_SIGNED',
    'ERR_IDENTITY_PEER_UNTRUSTED',
    'ERR_IDENTITY_PEER_PROTOCOL',
    'ERR_IDENTITY_PEER_NO_CERTIFICATE',
    'ERR_TUNNEL_ALPN',
  ];
  const log = await nodeLog();
  const counted = await refusals();
  for (const reason of reasons) {
    t.ok(log.includes(`code=${reason}`), `${reason} is logged`);
    t.ok((counted.get(reason) ?? 0) > 0, `${reason} is counted`);
  }
});

test('a good certificate opens what it is for and nothing else (wire.md §1.6)', async (t) => {
  const tunnel = (name: string, authority: string, host = target) => ({
    ...certificates.valid,
    name,
    host,
    port: 15008,
    headers: tunnelTo(authority),
    say: 'ping',
  });
  const get = { ':method': 'GET', ':scheme': 'https', ':path': '/', ':authority': `${target}:7000` };
  const answers = await attack('tunnels', {
    probes: [
      tunnel('own', `${target}:7000`),
      tunnel('own by name', 'server.shop.svc.cluster.local:7000'),
      tunnel('own in IPv6', `[${target6}]:7000`, target6),
      tunnel('own, IPv4 mapped', `[::ffff:${target}]:7000`),
      tunnel('other family', `[${target6}]:7000`),
      tunnel('neighbour', `${neighbour}:7000`),
      tunnel('loopback', '127.0.0.1:7000'),
      tunnel('any', '0.0.0.0:7000'),
      tunnel('no port', target),
      tunnel('port 0', `${target}:0`),
      tunnel('port 65536', `${target}:65536`),
      tunnel('octal', `0${target}:7000`),
      tunnel('user', `root@${target}:7000`),
      tunnel('path', `${target}:7000/x`),
      tunnel('garbage', '%00\u00ff<script>:80'),
      { ...tunnel('GET', ''), headers: get },
      tunnel('15001', `${target}:15001`),
      tunnel('15006', `${target}:15006`),
      tunnel('15008', `${target}:15008`),
      tunnel('service of others', 'server.outside.svc.cluster.local:7000'),
      tunnel('localhost', 'localhost:7000'),
      tunnel('unknown port', 'server.shop.svc.cluster.local:7999'),
      tunnel('closed port', `${target}:1`),
    ],
  });
  const expected: Record<string, readonly string[]> = {
    '200 ping': ['own', 'own by name', 'own in IPv6', 'own, IPv4 mapped'],
    400: [
      'other family',
      'neighbour',
      'loopback',
      'any',
      'no port',
      'port 0',
      'port 65536',
      'octal',
      'user',
      'path',
    ],
    503: ['15001', '15006', '15008', 'service of others', 'localhost', 'unknown port', 'closed port'],
  };
  for (const [outcome, names] of Object.entries(expected))
    for (const name of names) t.equal(answers[name], outcome, name);
  t.equal(answers.GET, '400');
  t.match(answers.garbage, /^(400|refused)/);
});

test('an independent HTTP/2 client carries bytes through a live tunnel, and gets the right statuses', async (t) => {
  const paths = await Promise.all(
    Object.entries({
      cert: certificates.valid.cert,
      key: certificates.valid.key,
      ca: certificates.rootPem,
    }).map(async ([name, text]) => {
      await writeFile(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    }),
  );
  const command = ['/usr/bin/python3', join(PROGRAMS, 'h2_tunnel.py'), target, ...paths];
  const printed = await world.lab.lab('exec', '-n', 'outside', 'client', '--', ...command);
  t.same(JSON.parse(printed), {
    tls: 'TLSv1.3',
    alpn: 'h2',
    tunnel: '200',
    echoed: true,
    'bad authority': '400',
    'bad port': '400',
    'other address': '400',
    'mesh port': '503',
    'closed port': '503',
    get: '400',
  });
});

test('under STRICT no plaintext gets in, whatever way it takes', async (t) => {
  await world.lab.apply(peerAuthentication('shop', 'STRICT'));
  const say = 'ping';
  const probes = [
    { name: 'pod', host: target, port: 7000, say },
    { name: 'pod in IPv6', host: target6, port: 7000, say },
    { name: 'pod, IPv4 mapped', host: `::ffff:${target}`, port: 7000, say },
    { name: 'service', host: 'server.shop.svc.cluster.local', port: 7000, say },
    ...[15001, 15006, 15008, 15000, 15020, 15053].map((port) => ({
      name: `${port}`,
      host: target,
      port,
      say,
    })),
  ];
  await until('STRICT holds', async () => {
    const { pod: outcome } = await attack('plain', { probes: probes.slice(0, 1) });
    return outcome?.startsWith('refused') === true;
  });
  for (const from of [outsider(), near])
    for (const [name, outcome] of Object.entries(await attack('plain', { probes }, from)))
      t.match(outcome, /^(refused|timeout)/, `${name} from ${from.name}`);
  t.match(await nodeLog(), /istio_converted_static_strict/, 'the refusal names what refused');
});

test('who may set marks and addresses gets past capture, but not past STRICT', async (t) => {
  const command = ['/usr/bin/python3', join(PROGRAMS, 'spoof.py'), target, target6];
  for (const pod of [outsider(), near, world.client('shop')]) {
    const printed = await world.lab.lab('exec', '-n', pod.namespace, pod.name, '--', ...command);
    const answers = JSON.parse(printed) as Answers;
    t.equal(Object.keys(answers).length, 6);
    for (const [name, outcome] of Object.entries(answers))
      t.match(outcome, /^refused/, `${name} from ${pod.namespace}/${pod.name}`);
  }
});

test('what a peer says of itself in headers changes neither identity nor verdict', async (t) => {
  const admin = 'cluster.local/ns/outside/sa/admin';
  await world.lab.apply(
    authorizationPolicy({
      namespace: 'shop',
      name: 'admin-only',
      action: 'ALLOW',
      principals: [admin],
      app: 'server',
    }),
  );
  const claims = {
    forwarded: `for="10.9.9.9:1";host=server.shop.svc.cluster.local;by=spiffe://${admin}`,
    baggage: 'k8s.namespace.name=outside,service.name=admin,k8s.pod.name=admin',
    'x-forwarded-client-cert': `URI=spiffe://${admin}`,
    'x-forwarded-for': '10.9.9.9',
    'x-istio-source': 'waypoint',
  };
  const probes = [
    { ...certificates.valid, name: 'bare', host: target, port: 15008, headers: tunnelTo(`${target}:7000`) },
    {
      ...certificates.valid,
      name: 'claims',
      host: target,
      port: 15008,
      headers: tunnelTo(`${target}:7000`, claims),
    },
  ];
  await until('the policy holds', async () => (await attack('tunnels', { probes })).bare === '401');
  t.equal((await attack('tunnels', { probes })).claims, '401');
  const lines = (await nodeLog()).split('\n').filter((line) => line.includes('admin-only'));
  t.ok(lines.length > 0);
  for (const line of lines) {
    t.match(line, CLIENT);
    t.notMatch(line, '10.9.9.9');
  }
  await world.lab.lab('delete', 'authorizationpolicy', 'admin-only', '-n', 'shop');
});

test('the controller gives nothing to callers that have no right to it', async (t) => {
  const jwksFile = join(state, 'jwks.json');
  const jwks = JSON.parse(await readFile(jwksFile, 'utf8')) as { keys: object[] };
  const ours = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const kid = randomUUID();
  const key = { ...(await exportJWK(ours.publicKey)), kid, alg: 'ES256', use: 'sig' };
  await writeFile(jwksFile, JSON.stringify({ keys: [...jwks.keys, key] }));
  t.teardown(() => writeFile(jwksFile, JSON.stringify(jwks)));

  const claims = (account: string, node: string) => {
    const [namespace = '', name = ''] = account.split('/');
    const kubernetes = {
      namespace,
      serviceaccount: { name, uid: 'u' },
      pod: { name: `${name}-x`, uid: 'u' },
      node: { name: node, uid: 'n' },
    };
    return { sub: `system:serviceaccount:${namespace}:${name}`, 'kubernetes.io': kubernetes };
  };
  const sign = (
    account = 'nodemesh-system/ztunnel',
    node = 'node-1',
    more: { aud?: string; exp?: string } = {},
  ) =>
    new SignJWT(claims(account, node))
      .setProtectedHeader({ alg: 'ES256', kid })
      .setAudience(more.aud ?? 'istio-ca')
      .setIssuedAt('-2h')
      .setExpirationTime(more.exp ?? '5m');
  const token = await sign().sign(ours.privateKey);
  const unsigned = new UnsecuredJWT(claims('nodemesh-system/ztunnel', 'node-1'))
    .setAudience('istio-ca')
    .setExpirationTime('5m')
    .encode();
  const [head = '', , signature = ''] = token.split('.');
  const [, body = ''] = (await sign('nodemesh-system/ztunnel', 'node-2').sign(ours.privateKey)).split('.');

  const client = parseSpiffeId(CLIENT);
  const server = parseSpiffeId(SERVER);
  const { csrPem } = await createSigningRequest(client);
  const other = await createSigningRequest(server);
  const ask = (name: string, withToken: string, more: object = {}) => ({
    name,
    token: withToken,
    ask: 'certificate',
    csrPem,
    impersonated: client,
    ...more,
  });
  const podToken = await sign('shop/client', 'node-1').sign(ours.privateKey);
  const nodeToken2 = await sign('nodemesh-system/ztunnel', 'node-2').sign(ours.privateKey);
  const foreign = parseSpiffeId('spiffe://evil.example/ns/shop/sa/client');
  const answers = await run(outsider(), 'impostor.ts', [], {
    ...CONTROLLER,
    rootFile: join(state, 'ca', 'root-cert.pem'),
    calls: [
      ask('good', token),
      ask('own', podToken, { impersonated: undefined }),
      ask('no token', ''),
      ask('alg none', unsigned),
      ask('other key', await sign().sign(stranger.privateKey)),
      ask('expired', await sign(undefined, undefined, { exp: '-1h' }).sign(ours.privateKey)),
      ask('audience', await sign(undefined, undefined, { aud: 'vault' }).sign(ours.privateKey)),
      ask('spliced', `${head}.${body}.${signature}`),
      ask('pod of another node', token, { impersonated: server, csrPem: other.csrPem }),
      ask('no such account', token, {
        impersonated: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/root'),
      }),
      ask('another trust domain', token, { impersonated: foreign }),
      ask('a pod for another', podToken),
      ask('account named ztunnel', await sign('shop/ztunnel').sign(ours.privateKey)),
      ask('names of others in the request', token, { csrPem: other.csrPem }),
      ask('no request', token, { csrPem: 'rubbish' }),
      {
        name: 'report for another node',
        token,
        ask: 'report',
        node: 'node-2',
        uid: 'Kubernetes//Pod/shop/server',
      },
      {
        name: 'report by a pod',
        token: podToken,
        ask: 'report',
        node: 'node-1',
        uid: 'Kubernetes//Pod/shop/client',
      },
      { name: 'enrolments of node-1', token, ask: 'enrolments' },
      { name: 'enrolments of node-2', token: nodeToken2, ask: 'enrolments' },
      { name: 'enrolments for a pod', token: podToken, ask: 'enrolments' },
      // A node may report what it likes of its own pods, but what it says of others is passed over.
      { name: 'foreign pod', token, ask: 'report', node: 'node-1', uid: 'Kubernetes//Pod/shop/server' },
    ],
  });
  const granted = [
    'good',
    'own',
    'enrolments of node-1',
    'enrolments of node-2',
    'enrolments for a pod',
    'foreign pod',
  ];
  for (const [name, outcome] of Object.entries(answers))
    t.match(outcome, granted.includes(name) ? /^granted/ : /^refused/, name);
  t.match(answers['enrolments of node-2'], 'shop/server');
  t.notMatch(answers['enrolments of node-1'], 'shop/server', 'whatever the stream calls itself');
  t.equal(answers['enrolments for a pod']?.trim(), 'granted');
  const { conditions = [] } = (
    JSON.parse(await world.lab.lab('get', 'pod', 'server', '-n', 'shop', '-o', 'json')) as {
      status: { conditions?: readonly { reason?: string }[] };
    }
  ).status;
  t.notOk(conditions.some(({ reason }) => reason === 'EnrolmentFailed'));
});

test('secrets are readable by their owner alone, and admin ports by nobody else in the mesh', async (t) => {
  for (const name of ['', 'ca', 'tokens'])
    t.equal((await stat(join(state, name))).mode & 0o077, 0, `${name || 'state'} is private`);
  const admin = [...ztunnels, '172.30.0.250'].map((host) => ({
    name: host,
    host,
    port: 15000,
    say: 'GET / HTTP/1.0\r\n\r\n',
  }));
  for (const [host, outcome] of Object.entries(await attack('plain', { probes: admin })))
    t.match(outcome, /^(refused|timeout)/, `15000 of ${host}`);
  const ask = (name: string) => ({
    name,
    host: '172.30.0.250',
    port: 15014,
    say: `${name.replace(' ', ' /')} HTTP/1.0\r\n\r\n`,
  });
  const guarded = ['POST ca/rotate-root?step=add', 'GET debug/policies', 'GET debug/enrolments'];
  for (const [name, outcome] of Object.entries(await attack('plain', { probes: guarded.map(ask) })))
    t.match(outcome, /HTTP\/1.1 404/, name);
});

test('floods of half-open handshakes harm nobody else', async (t) => {
  const plan = { host: target, port: 15008, count: 4_000, holdMs: 3_000 };
  const flood = attack('halfOpen', plan);
  const answers = [];
  for (let turn = 0; turn < 3; turn++) {
    answers.push(await world.lab.client(world.client('shop'), 'echo', world.server('shop', 7000)));
  }
  t.same(
    answers.map(({ outcome }) => outcome),
    ['ok', 'ok', 'ok'],
  );
  const { alive } = (await flood) as unknown as { alive: number };
  t.ok(alive <= 512, `${alive} are held, no more than there is room for`);
});
