// `npm run bench`: no mesh, a ztunnel pair, an HAProxy mTLS pair and a stunnel pair, in one lab, by one load, in one run; then
// requests through a waypoint, and through HAProxy and nginx in its place; then the dashboard's pages.
// Writes the table into bench/README.md and the raw figures into bench/results/; not when only some of it was measured.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { L7_VARIANTS, type L7Lab, startL7Lab } from './l7/l7-lab.ts';
import { formatL7 } from './l7/l7-table.ts';
import { measureL7 } from './l7/measure-l7.ts';
import { writeMessage } from './l7/peer-configs.ts';
import { type BenchLab, startBenchLab, VARIANTS } from './macro/bench-lab.ts';
import { measureMemory, measureVariants } from './macro/measure.ts';
import { makeCertificates, writeHaproxyConfig, writeStunnelConfig } from './macro/peers.ts';
import { formatResults } from './macro/table.ts';
import { formatPages, measurePages } from './pages/measure-pages.ts';
import { measureScale } from './scale/measure-scale.ts';
import { formatScale } from './scale/scale-table.ts';
import { measureConnections, measureRequests } from './telemetry/measure-telemetry.ts';
import { formatTelemetry } from './telemetry/telemetry-table.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '3' },
    'telemetry-rounds': { type: 'string', default: '15' },
    part: { type: 'string', default: 'l4,l7,telemetry,pages,scale' },
    'scale-nodes': { type: 'string', default: '1000' },
    'scale-services': { type: 'string', default: '10000' },
    only: { type: 'string', default: [...VARIANTS, 'nginx'].join(',') },
    'skip-load': { type: 'boolean', default: false },
    'skip-memory': { type: 'boolean', default: false },
  },
});
const seconds = atLeast(1, 'seconds', options.seconds);
const rounds = atLeast(1, 'rounds', options.rounds);
const telemetryRounds = atLeast(1, 'telemetry-rounds', options['telemetry-rounds']);
const scaleNodes = atLeast(1, 'scale-nodes', options['scale-nodes']);
const scaleServices = atLeast(30, 'scale-services', options['scale-services']);
const parts = choose('part', ['l4', 'l7', 'telemetry', 'pages', 'scale'], options.part);
const chosen = choose('only', [...VARIANTS, 'nginx'], options.only);
const variants = VARIANTS.filter((variant) => chosen.includes(variant));
const l7Variants = L7_VARIANTS.filter((variant) => chosen.includes(variant));
const startedMs = performance.now();
const PAGES_WORKLOADS = 500;
const PAGES_ROUNDS = 15;
const loadBefore = loadavg()[0] ?? 0;
const progress = (text: string): void => {
  const elapsed = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`bench ${elapsed} s  ${text}\n`);
};
const plan = { seconds, rounds, progress };
const folder = mkdtempSync(join(tmpdir(), 'nodemesh-bench-'));
let lab: BenchLab | L7Lab | undefined;
const endLab = async (): Promise<void> => {
  await lab?.down();
  lab = undefined;
};
try {
  chmodSync(folder, 0o755); // a peer that drops its privileges must still read its certificate
  makeCertificates(folder);
  progress('building');
  execFileSync('npm', ['run', 'build', '--silent'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const machine = describeMachine(`median of ${rounds} × ${seconds} s per figure`);
  if (parts.includes('l4')) await benchL4(machine);
  if (parts.includes('l7')) await benchL7(machine);
  if (parts.includes('telemetry')) await benchTelemetry();
  if (parts.includes('pages')) await benchPages();
  if (parts.includes('scale')) await benchScale();
} finally {
  await endLab();
  rmSync(folder, { recursive: true, force: true });
}

/** Everything that is the same whatever the bytes mean. */
async function benchL4(machine: string): Promise<void> {
  let figures: Awaited<ReturnType<typeof measureVariants>> = [];
  if (!options['skip-load']) {
    progress('bringing a lab of two nodes up');
    lab = await startBenchLab({ name: 'bench', folder, variants });
    await startPeers(lab);
    figures = await measureVariants(lab, variants, plan);
    await endLab();
  }
  let memory: Awaited<ReturnType<typeof measureMemory>> | undefined;
  if (!options['skip-memory'] && variants.includes('nodemesh')) {
    progress('bringing a fresh lab up');
    lab = await startBenchLab({ name: 'bench', folder, variants: ['nodemesh'] });
    memory = await measureMemory(lab, plan);
    await endLab();
  }
  const table = formatResults(figures, memory);
  process.stdout.write(`${machine}\n\n${table}`);
  if (figures.length !== VARIANTS.length || memory === undefined) return;
  keep('macro.json', { machine, seconds, rounds, figures, memory });
  replaceBetweenMarkers('bench/README.md', 'results', `\n${machine}\n\n${table}\n`);
}

/** Requests: a waypoint, and HAProxy and nginx in its place. */
async function benchL7(machine: string): Promise<void> {
  progress('bringing a lab for requests up');
  writeMessage(folder);
  const requests = await startL7Lab(folder, l7Variants);
  lab = requests;
  const figures = await measureL7(requests, l7Variants, folder, plan);
  await endLab();
  const table = formatL7(figures);
  process.stdout.write(`${machine}\n\n${table}`);
  if (l7Variants.length !== L7_VARIANTS.length) return;
  keep('l7.json', { machine, seconds, rounds, figures });
  replaceBetweenMarkers('bench/README.md', 'l7 results', `\n${machine}\n\n${table}\n`);
}

/** How soon the dashboard's pages can be read. */
async function benchPages(): Promise<void> {
  const machine = describeMachine(`each page opened ${PAGES_ROUNDS} times`);
  progress('opening pages of the dashboard');
  const figures = await measurePages(PAGES_WORKLOADS, PAGES_ROUNDS);
  const table = formatPages(figures);
  process.stdout.write(`${machine}\n\n${table}`);
  keep('pages.json', { machine, rounds: PAGES_ROUNDS, figures });
  replaceBetweenMarkers('bench/README.md', 'pages results', `\n${machine}\n\n${table}\n`);
}

/** A mesh of many services, endpoints and nodes: the nodes are connections alone, the rest is real. */
async function benchScale(): Promise<void> {
  const size = { services: scaleServices, endpointsPerService: 10, nodes: scaleNodes };
  const machine = describeMachine(`one run; changes: medians`);
  const figures = await measureScale({ size, seconds: 10, folder, progress });
  const table = formatScale(figures);
  process.stdout.write(`${machine}\n\n${table}`);
  if (scaleServices !== 10_000) return;
  keep('scale.json', { machine, figures });
  replaceBetweenMarkers('bench/README.md', 'scale results', `\n${machine}\n\n${table}\n`);
}

/** Proxies that tell of all that they do, and some that tell of failures alone. */
async function benchTelemetry(): Promise<void> {
  const machine = describeMachine(`${telemetryRounds} rounds of ${seconds} s per figure`);
  const plan = { seconds, rounds: telemetryRounds, folder, progress };
  const figures = [...(await measureConnections(plan)), ...(await measureRequests(plan))];
  const table = formatTelemetry(figures);
  process.stdout.write(`${machine}\n\n${table}`);
  keep('telemetry.json', { machine, seconds, rounds: telemetryRounds, figures });
  replaceBetweenMarkers('bench/README.md', 'telemetry results', `\n${machine}\n\n${table}\n`);
}

function keep(file: string, results: object): void {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(join('bench/results', file), `${JSON.stringify(results, null, 2)}\n`);
}

async function startPeers(lab: BenchLab): Promise<void> {
  for (const [peer, write, command] of [
    ['haproxy', writeHaproxyConfig, ['haproxy', '-db', '-f']],
    ['stunnel', writeStunnelConfig, ['stunnel']],
  ] as const) {
    if (!variants.includes(peer)) continue;
    const config = write(folder, lab.serverAddress(peer));
    lab.start(peer, 'client', ...command, config.client);
    lab.start(peer, 'server', ...command, config.server);
    const deadlineMs = performance.now() + 15_000;
    while (lab.proxies(peer).length < 2) {
      if (performance.now() > deadlineMs) throw new Error(`${peer} did not start: is it installed?`);
      await new Promise((settle) => setTimeout(settle, 200));
    }
  }
  // They have been started; their listeners follow.
  await new Promise((settle) => setTimeout(settle, 1000));
}

function atLeast(least: number, name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${name}: expected a number from ${least}, got ${text}`);
}

function choose(option: string, known: readonly string[], text: string): readonly string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`--${option}: expected some of ${known.join(',')}, got ${unknown}`);
  return names;
}

function describeMachine(sample: string): string {
  // Some tell their version on stderr, and not in the first line.
  const version = (command: string, pattern: string): string =>
    execFileSync('sh', ['-c', `${command} 2>&1 | grep -o '${pattern}' | head -n 1`], {
      encoding: 'utf8',
    }).trim();
  const [cpu] = cpus();
  const peers = `HAProxy ${version('haproxy -v', '[0-9][0-9.]*')}, ${version('stunnel -version', 'stunnel [0-9.]*')}, ${version('nginx -v', 'nginx/[0-9.]*')}`;
  const load = `load of the machine ${loadBefore.toFixed(1)} before`;
  return `${cpus().length} × ${cpu?.model.trim()}, Linux ${release()}, Node ${process.versions.node} (OpenSSL ${process.versions.openssl}), ${peers}; ${new Date().toISOString().slice(0, 10)}, ${sample}, ${load}.`;
}

/** The table of the last run stands in the page itself, between two comments. */
function replaceBetweenMarkers(path: string, marker: string, text: string): void {
  const page = readFileSync(path, 'utf8');
  const marked = new RegExp(`(<!-- ${marker} -->\\n)[\\s\\S]*?(<!-- end of ${marker} -->)`);
  if (!marked.test(page)) throw new Error(`${path} has no ${marker} markers`);
  writeFileSync(
    path,
    page.replace(marked, (_, head: string, tail: string) => `${head}${text}${tail}`),
  );
}
