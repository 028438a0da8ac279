// Makes a fresh clone able to run one of the project's commands: `node scripts/setup.js demo|test|bench`.
// Plain JavaScript without dependencies: it runs on the machine's own Node (20 or newer), before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TAP_PLUGINS = join(root, '.tap', 'plugins');
const sbin = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** What the kernel work needs: the program (or file) that must be there, and the Debian package that has it. */
const KERNEL = [
  { program: 'iptables-restore', debian: 'iptables' },
  { program: 'ip', debian: 'iproute2' },
  { program: 'nsenter', debian: 'util-linux' },
  { program: 'tcpdump', debian: 'tcpdump' },
];
const TEST_PEERS = [
  { program: 'sysctl', debian: 'procps' },
  { program: 'nft', debian: 'nftables' },
  { program: 'ipset', debian: 'ipset' },
  { program: 'openssl', debian: 'openssl' },
  { pythonModule: 'h2', debian: 'python3-h2' },
  { program: 'h2load', debian: 'nghttp2-client' },
  { program: 'redis-server', debian: 'redis-server' },
  { program: 'curl', debian: 'curl' },
  { program: 'promtool', debian: 'prometheus' },
  { program: 'chromium', debian: 'chromium' },
  { program: 'gcc', debian: 'build-essential' },
  { file: '/usr/lib/cni/bridge', debian: 'containernetworking-plugins' },
];
const BENCH_PEERS = [
  { program: 'haproxy', debian: 'haproxy' },
  { program: 'stunnel', debian: 'stunnel4' },
  { program: 'nginx', debian: 'nginx' },
  { program: 'h2load', debian: 'nghttp2-client' },
  { program: 'openssl', debian: 'openssl' },
  { program: 'chromium', debian: 'chromium' },
];
const NEEDS = {
  demo: KERNEL,
  test: [...KERNEL, ...TEST_PEERS],
  bench: [...KERNEL, ...BENCH_PEERS],
};

const purpose = process.argv[2] ?? 'demo';
const needs = NEEDS[purpose];
if (needs === undefined) {
  fail(`expected one of ${Object.keys(NEEDS).join(', ')}, got ${JSON.stringify(purpose)}`);
}
if (process.platform !== 'linux') {
  fail(
    `nodemesh works with Linux network namespaces; this machine runs ${process.platform}. Use a Linux machine or VM.`,
  );
}
installNpmPackages();
installSystemPackages(needs.filter((need) => !isThere(need)));
if (purpose === 'test') buildTap();
if (purpose !== 'bench') buildDashboard();

/** npm packages, when the lock file is not the one that node_modules was made from. Node 24 is one of them. */
function installNpmPackages() {
  const folder = join(root, 'node_modules');
  // A worktree that borrows another's packages: installing would empty what the link leads to.
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true) return;
  const stamp = join(folder, '.nodemesh-lock');
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  step('installing npm packages, Node 24 among them (npm ci)');
  // No package of ours needs an install script: what is native comes prebuilt inside the packages.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  // Half of what was built of the test runner lay among the packages.
  rmSync(TAP_PLUGINS, { recursive: true, force: true });
  writeFileSync(stamp, digest);
}

function installSystemPackages(missing) {
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((need) => need.debian))];
  const install = ['install', '-y', '--no-install-recommends', ...names];
  const byHand = `apt-get update && apt-get ${install.join(' ')}`;
  if (process.getuid?.() !== 0) {
    fail(
      `these Debian packages are missing: ${names.join(' ')}\nRun this once, then try again:\n\n  sudo sh -c '${byHand}'\n`,
    );
  }
  if (!onPath('apt-get')) {
    fail(
      `these programs are missing, and there is no apt-get to install them with: ${missing.map(nameOf).join(', ')}\nInstall what your distribution calls: ${names.join(' ')}`,
    );
  }
  step(`installing Debian packages: ${names.join(' ')}`);
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['-qq', ...install], { DEBIAN_FRONTEND: 'noninteractive' });
  const still = missing.filter((need) => !isThere(need));
  if (still.length > 0) fail(`apt-get succeeded, but still missing: ${still.map(nameOf).join(', ')}`);
}

/** tap links the plugins that .taprc chooses; without this its first run would. */
function buildTap() {
  if (existsSync(TAP_PLUGINS)) return;
  step('building the test runner');
  run(join(root, 'node_modules', '.bin', 'tap'), ['build']);
}

/** The web pages that proxies and controller serve, when their sources are newer than what was built of them. */
function buildDashboard() {
  run('node', ['scripts/build-dashboard.ts', '--if-newer']);
}

function isThere(need) {
  if (need.program !== undefined) return onPath(need.program);
  if (need.file !== undefined) return existsSync(need.file);
  return (
    spawnSync('/usr/bin/python3', ['-c', `import ${need.pythonModule}`], { stdio: 'ignore' }).status === 0
  );
}

function nameOf(need) {
  return need.program ?? need.file ?? `Python module ${need.pythonModule}`;
}

function onPath(program) {
  return [...(process.env.PATH ?? '').split(delimiter), ...sbin].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder: the next may have it
    }
  });
}

function run(command, args, extraEnvironment = {}) {
  // Node 24 from node_modules must be found first, also when this runs under an older one.
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH, ...sbin].join(delimiter);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...extraEnvironment, PATH: path },
  });
  if (result.error !== undefined) fail(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0)
    fail(`${command} ${args.join(' ')} failed (exit code ${result.status ?? result.signal})`);
}

function step(text) {
  process.stderr.write(`setup: ${text} …\n`);
}

function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}
