// `npm run bench`: no mesh, a ztunnel pair, an HAProxy mTLS pair and a stunnel pair, in one lab, by one load, in one run.
// Writes the table into bench/README.md and the raw figures into bench/results/. `--seconds N` per measurement.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBenchLab, VARIANTS } from './macro/bench-lab.ts';
import { measureMemory, measureVariant, type VariantFigures } from './macro/measure.ts';
import { makeCertificates, writeHaproxyConfig, writeStunnelConfig } from './macro/peers.ts';
import { formatResults } from './macro/table.ts';

const argument = process.argv.indexOf('--seconds');
const seconds = argument === -1 ? 5 : Number(process.argv[argument + 1]);
if (!Number.isFinite(seconds) || seconds < 1)
  throw new Error(`--seconds: expected a number from 1, got ${seconds}`);

const progress = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'nodemesh-bench-'));
chmodSync(folder, 0o755); // a peer that drops its privileges must still read its certificate
makeCertificates(folder);
progress('bringing a two-node lab up');
const lab = await startBenchLab(folder);
try {
  for (const [peer, write, command] of [
    ['haproxy', writeHaproxyConfig, ['haproxy', '-db', '-f']],
    ['stunnel', writeStunnelConfig, ['stunnel']],
  ] as const) {
    const config = write(folder, lab.serverAddress(peer));
    lab.start(peer, 'client', ...command, config.client);
    lab.start(peer, 'server', ...command, config.server);
  }
  await new Promise((settle) => setTimeout(settle, 3000));
  const figures: VariantFigures[] = [];
  for (const variant of VARIANTS) figures.push(await measureVariant(lab, variant, { seconds, progress }));
  const memory = await measureMemory(lab, { seconds, progress });
  const table = formatResults(figures, memory);
  const machine = describeMachine();
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(
    'bench/results/macro.json',
    `${JSON.stringify({ machine, seconds, figures, memory }, null, 2)}\n`,
  );
  replaceBetweenMarkers('bench/README.md', `${machine}\n\n${table}`);
  process.stdout.write(`${machine}\n\n${table}`);
} finally {
  await lab.down();
  rmSync(folder, { recursive: true, force: true });
}

function describeMachine(): string {
  const version = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0] ?? '';
  const [cpu] = cpus();
  const haproxy = version('haproxy', '-v').replace(/ \d{4}\/.*$/, '');
  return `${cpus().length} × ${cpu?.model.trim()}, Linux ${release()}, Node ${process.versions.node} (OpenSSL ${process.versions.openssl}), ${haproxy}, stunnel from Debian 12; ${new Date().toISOString().slice(0, 10)}, ${seconds} s per figure.`;
}

/** The table of the last run stands in the page itself, between two comments. */
function replaceBetweenMarkers(path: string, text: string): void {
  const page = readFileSync(path, 'utf8');
  const marked = /(<!-- results -->\n)[\s\S]*?(<!-- end of results -->)/;
  if (!marked.test(page)) throw new Error(`${path} has no results markers`);
  writeFileSync(path, page.replace(marked, `$1${text}$2`));
}
