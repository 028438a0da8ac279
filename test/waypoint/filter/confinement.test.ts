import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { limitProcess, spawnApart } from '../../../src/net/index.ts';
import { CONNECTION_FIELDS } from '../../../src/http/index.ts';
import { CONNECTION_FIELDS as CHILD_CONNECTION_FIELDS } from '../../../src/waypoint/filter/child/field-list.ts';
import { filterCommand } from '../../../src/waypoint/filter/process/filter-command.ts';
import { makeRequest } from '../request-fixtures.ts';
import { withFilter } from './filter-world.ts';

// A filter's secrets and its waypoint's: nothing of this may be seen by a filter.
process.env.NODEMESH_TEST_SECRET = 'do not tell';

/** What a filter may try; each is an expression of its own, which must throw or come to nothing. */
const ATTEMPTS = [
  'process.env.NODEMESH_TEST_SECRET',
  'globalThis.process',
  'require("node:fs")',
  'module',
  '__filename',
  'Buffer.from("x")',
  'global',
  'await import("node:fs")',
  'await import("fs")',
  'await import("node:net")',
  'await import("node:child_process")',
  'await import("node:worker_threads")',
  'await import("node:module")',
  'await import("node:inspector")',
  'await import("node:v8")',
  'await import("data:text/javascript,export default 1")',
  'await import("file:///etc/passwd")',
  'await import("../protocol/frame.ts")',
  'await fetch("http://127.0.0.1:PORT/")',
  'new WebSocket("ws://127.0.0.1:PORT/")',
  'new EventSource("http://127.0.0.1:PORT/")',
  'new Worker("x")',
  'new BroadcastChannel("x")',
  'new MessageChannel()',
  'new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))',
  'new SharedArrayBuffer(8)',
  'eval("1")',
  'new Function("return 1")()',
  '(async () => {}).constructor("return 1")()',
  '(function* () {}).constructor("yield 1")().next()',
  'Reflect.construct(Function, ["return 1"])()',
  'setTimeout("globalThis.hacked = 1", 0)',
  'Object.defineProperty(Object.prototype, "fd", { get() { return 1; } })',
  'Object.setPrototypeOf(Object.prototype, { trap: 1 })',
  'performance.eventLoopUtilization()',
  'navigator.hardwareConcurrency',
  'localStorage.length',
  'import.meta.filename',
  'import.meta.dirname',
] as const;

test('a filter finds no way to files, network, environment, other processes or code out of text', async (t) => {
  const reached: string[] = [];
  const server = createServer((socket) => {
    reached.push('connection');
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const port = String(typeof address === 'object' && address !== null ? address.port : 0);
  const attempts = ATTEMPTS.map((attempt) => {
    const code = attempt.replace('PORT', port);
    return `[${JSON.stringify(attempt)}, async () => (${code})]`;
  });
  const { send } = await withFilter(
    t,
    `const attempts = [${attempts.join(',\n')}];
     export async function onRequest() {
       const succeeded = [];
       for (const [name, attempt] of attempts) {
         try {
           const result = await attempt();
           if (result !== undefined) succeeded.push(name + ' gave ' + typeof result);
         } catch (error) {
           if (!(error instanceof Error)) succeeded.push(name + ' threw a stranger');
         }
       }
       return { status: 200, body: JSON.stringify(succeeded) };
     }`,
  );
  const answer = await send();
  t.equal(answer.message, '');
  t.same(JSON.parse(answer.text), []);
  t.same(reached, []);
});

test('nothing that a filter can get hold of leads to Node’s own objects', async (t) => {
  const { send } = await withFilter(t, WALK, { timeLimitMs: 20_000 });
  const answer = await send();
  t.equal(answer.message, '');
  const { count, found } = JSON.parse(answer.text) as { count: number; found: string[] };
  t.ok(count > 500, `${count} objects were looked at`);
  t.same(found, ['globalThis.RegExp.prototype.exec', 'globalThis.URLPattern.prototype.exec']);
});

test('one that takes its process over can only spoil its own answers', async (t) => {
  const { send, until, notes } = await withFilter(
    t,
    `export function onRequest(request) {
       if (request.path === '/') return;
       const lie = request.path === '/type' ? { answer: 'x', status: 'y', headers: 5 } : null;
       JSON.stringify = () => (request.path === '/text' ? 'no json' : request.path === '/lie' ?
         '{"answer":true,"status":200,"headers":[["x","a\\\\r\\\\nb"]]}' : '[' + lie + ']');
     }`,
  );
  for (const target of ['/lie', '/type', '/text']) {
    const answer = await send(makeRequest({ target }));
    t.equal(answer.status, 500, target);
  }
  await until('it is found out', () => notes.includes('ended shop/a rogue'));
  t.equal((await send()).status, 200, 'a fresh process serves the next');
});

/** What is left to somebody who has all of Node at hand inside the process. */
const INSIDE = `
  const results = [];
  const attempt = async (name, work) => {
    try { await work(); results.push(name); } catch (error) { void error; }
  };
  const load = process.getBuiltinModule;
  const [fs, net, dgram, child, dns, worker] = ['fs', 'net', 'dgram', 'child_process', 'dns', 'worker_threads'].map((name) => load(name));
  process.stdout.write('ready\\n');
  process.stdin.once('data', async (text) => {
    const { path, port, pid } = JSON.parse(String(text));
    await attempt('read a file', () => fs.readFileSync(path));
    await attempt('read its own file', () => fs.readFileSync(process.argv[1] ?? '/proc/self/maps'));
    await attempt('read /proc', () => fs.readFileSync('/proc/' + pid + '/environ'));
    await attempt('write a file', () => fs.writeFileSync(path + '.new', 'x'));
    await attempt('list files', () => fs.readdirSync('/'));
    await attempt('connect', () => new Promise((resolve, reject) => net.connect(port, '127.0.0.1').on('connect', resolve).on('error', reject)));
    await attempt('connect to a unix socket', () => new Promise((resolve, reject) => net.connect('/run/x').on('connect', resolve).on('error', reject)));
    await attempt('listen', () => new Promise((resolve, reject) => net.createServer().on('error', reject).listen(0, resolve)));
    await attempt('send a datagram', () => new Promise((resolve, reject) => { const socket = dgram.createSocket('udp4'); socket.on('error', reject); socket.bind(0, resolve); }));
    await attempt('resolve a name', () => dns.promises.resolve4('localhost'));
    await attempt('start a process', () => child.execSync('true'));
    await attempt('start a thread', () => new worker.Worker('', { eval: true }));
    await attempt('load an add-on', () => process.dlopen({ exports: {} }, path));
    await attempt('replace itself', () => process.execve('/bin/true', []));
    await attempt('see the environment', () => { if (process.env.NODEMESH_TEST_SECRET === undefined) throw new Error('no'); });
    process.stdout.write(JSON.stringify(results) + '\\n');
  });
`;

test('the kernel and Node’s permission model hold also for somebody who has all of Node at hand', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-secret-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'key.pem');
  await writeFile(path, 'a key');
  const reached: string[] = [];
  const server = createServer(() => reached.push('connection')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const { program, parameters, environment } = filterCommand(64 * 1024 * 1024);
  const options = [...parameters.slice(0, -1), '--eval', INSIDE];
  const { result: child, apart } = spawnApart(() =>
    spawn(program, options, { stdio: ['pipe', 'pipe', 'ignore'], env: environment, detached: true }),
  );
  const lines = readLines(child.stdout);
  t.equal(await lines.next(), 'ready');
  limitProcess(child.pid ?? 0, { moreBytes: 64 * 1024 * 1024 });
  child.stdin.write(`${JSON.stringify({ path, port, pid: process.pid })}\n`);
  t.same(JSON.parse(await lines.next()), []);
  t.same(reached, []);
  const limits = await readFile(`/proc/${child.pid}/limits`, 'utf8');
  t.match(limits, /Max open files +0 +0/);
  t.match(limits, /Max core file size +0 +0/);
  t.match(limits, /Max file size +0 +0/);
  t.equal((await readFile(`/proc/${child.pid}/oom_score_adj`, 'utf8')).trim(), '1000');
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  t.match(status, /^CapEff:\s+0+$/m);
  t.match(status, /^NoNewPrivs:\s+1$/m);
  if (apart.processes) t.match(status, /^NSpid:\s+\d+\s+1$/m, 'it is the first process of its own world');
  else t.comment('this user may not make namespaces, so the filter shares them');
  t.equal(apart.network, await hasOtherNetwork(child.pid ?? 0));
  const [ours, its] = await Promise.all([openSockets(process.pid), openSockets(child.pid ?? 0)]);
  t.ok(ours.size > 0);
  t.same(
    [...its].filter((socket) => ours.has(socket)),
    [],
    'no socket of the waypoint’s came along',
  );
  child.kill('SIGKILL');
  await once(child, 'close');
});

test('the process of a filter ends with its waypoint, also when it hangs', async (t) => {
  const code = `
    import { startFilterProcess } from './src/waypoint/filter/process/filter-process.ts';
    import { systemClock } from './src/base/index.ts';
    const text = 'export function onRequest() { for (;;) {} }';
    const filter = await startFilterProcess({
      load: { source: text, config: '{}' }, memoryBytes: 1 << 26, maximumBodyBytes: 1000, clock: systemClock, onLog() {},
    });
    const context = { client: {}, locals: '{}' };
    void filter.call({ hook: 'request', hasBody: false, context, request: { headers: [] } }, new Uint8Array(0), 1 << 30);
    setTimeout(() => process.stdout.write('hangs\\n'), 300);
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.equal(await readLines(parent.stdout).next(), 'hangs');
  const children = await childrenOf(parent.pid ?? 0);
  t.equal(children.length, 1);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const [pid = 0] = children;
  for (let round = 0; isRunning(pid); round++) {
    if (round === 500) throw new Error('the process of the filter outlives its waypoint');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('what a module may not set is what no message may carry', async (t) => {
  t.same([...CHILD_CONNECTION_FIELDS].sort(), [...CONNECTION_FIELDS].sort());
});

/** By their inodes, which tell the two ends of one apart. */
async function openSockets(pid: number): Promise<ReadonlySet<string>> {
  const folder = `/proc/${pid}/fd`;
  // One that was read may be closed again: the listing's own.
  const targets = (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => ''));
  return new Set((await Promise.all(targets)).filter((target) => target.startsWith('socket:')));
}

async function hasOtherNetwork(pid: number): Promise<boolean> {
  return (await readlink(`/proc/${pid}/ns/net`)) !== (await readlink('/proc/self/ns/net'));
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is no such process any more.
    return false;
  }
}

function readLines(stream: NodeJS.ReadableStream): { next(): Promise<string> } {
  let text = '';
  const iterator = stream[Symbol.asyncIterator]();
  return {
    async next() {
      while (!text.includes('\n')) {
        const { value, done } = await iterator.next();
        if (done === true) throw new Error(`the process ended after ${JSON.stringify(text)}`);
        text += String(value);
      }
      const [line = '', ...rest] = text.split('\n');
      text = rest.join('\n');
      return line;
    },
  };
}

/** Looks at everything that can be got hold of, and tells what looks like a way out. */
const WALK = `
export function onRequest() {
  const seen = new Set();
  const queue = [];
  const found = [];
  const visit = (value, path) => {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
    if (seen.has(value)) return;
    seen.add(value);
    queue.push([value, path]);
  };
  visit(globalThis, 'globalThis');
  visit(import.meta, 'import.meta');
  const things = { timeout: setTimeout(() => {}, 1e6), immediate: setImmediate(() => {}), controller: new AbortController(),
    signal: AbortSignal.timeout(1e6), url: new URL('http://a/b?c'), decoder: new TextDecoder(), event: new Event('x'),
    target: new EventTarget(), subtle: crypto.subtle, asyncFunction: (async () => {}).constructor,
    generator: (function* () {}).constructor, promise: import('node:fs').catch((error) => visit(error, 'import error')) };
  for (const [name, thing] of Object.entries(things)) visit(thing, name);
  Error.prepareStackTrace = (error, sites) => {
    for (const site of sites) {
      visit(site, 'site');
      for (const method of ['getThis', 'getFunction', 'getTypeName', 'getEvalOrigin'])
        try { visit(site[method](), 'site.' + method); } catch {}
    }
    return '';
  };
  const failures = [() => null.x, () => structuredClone(() => {}), () => new URL('::'), () => atob('%'), () => new TextDecoder('x'),
    () => crypto.getRandomValues(new Uint8Array(1e6)), () => { const deep = () => deep(); deep(); }, () => setTimeout(1)];
  for (const fail of failures) try { fail(); } catch (error) { visit(error, 'error'); void error.stack; }
  Error.prepareStackTrace = undefined;
  const ways = /^(kill|spawn|fork|exec|readFile|readFileSync|connect|binding|dlopen|fd|_handle|getBuiltinModule|pid|ppid|env|versions|createConnection|openSync|_events|stdin|stdout|mainModule)$/;
  let count = 0;
  while (queue.length > 0 && count < 300000) {
    const [value, path] = queue.shift();
    count += 1;
    visit(Reflect.getPrototypeOf(value), path + '.__proto__');
    for (const key of Reflect.ownKeys(value)) {
      const at = path + '.' + String(key);
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
      if (descriptor === undefined) continue;
      visit(descriptor.get, at);
      visit(descriptor.set, at);
      if (descriptor.get !== undefined) try { visit(value[key], at); } catch (error) { visit(error, 'error'); }
      visit(descriptor.value, at);
      if (ways.test(String(key))) found.push(at);
    }
  }
  return { status: 200, body: JSON.stringify({ count, found }) };
}
`;
