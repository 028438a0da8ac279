import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type Test, test } from 'tap';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/cli/main.ts');
const CALICO = `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {"type": "calico", "log_level": "info", "mtu": 0},
    {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}}
  ]
}
`;

interface Node {
  readonly config: string;
  readonly bin: string;
  write(name: string, text: string): void;
  read(name: string): string;
  /** The types of the plugins of a chain. */
  types(name: string): readonly string[];
  run(...command: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** `cni install --watch`, or `cni uninstall --watch`. */
  watch(name?: 'install' | 'uninstall'): ChildProcess;
  until(what: string, holds: () => boolean): Promise<void>;
}

function makeNode(t: Test): Node {
  const root = temporaryFolder('cni-node');
  const [config, bin, plugin] = [join(root, 'net.d'), join(root, 'bin'), join(root, 'plugin')];
  mkdirSync(config);
  mkdirSync(bin);
  writeFileSync(plugin, '#!/bin/sh\n');
  const folders = ['--conf-dir', config, '--bin-dir', bin];
  const start = (command: readonly string[]): ChildProcess => {
    const [name = '', ...options] = command;
    const own = name === 'install' ? ['--plugin', plugin] : [];
    return spawn(process.execPath, [MAIN, 'cni', name, ...folders, ...own, ...options]);
  };
  const collect = (child: ChildProcess) => {
    const text = { stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => {
      text.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      text.stderr += chunk;
    });
    return text;
  };
  const node: Node = {
    config,
    bin,
    write: (name, text) => writeFileSync(join(config, name), text),
    read: (name) => readFileSync(join(config, name), 'utf8'),
    types: (name) =>
      (JSON.parse(node.read(name)) as { plugins: { type: string }[] }).plugins.map(({ type }) => type),
    async run(...command) {
      const child = start(command);
      const text = collect(child);
      await once(child, 'close');
      return { code: child.exitCode, ...text };
    },
    watch(name = 'install') {
      const child = start([name, '--watch']);
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    },
    async until(what, holds) {
      for (let round = 0; ; round++) {
        try {
          if (holds()) return;
        } catch (error) {
          // Half written, or not there yet.
          if (!(error instanceof Error)) throw error;
        }
        if (round === 600) throw new Error(`waited 30 s for: ${what}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
  };
  return node;
}

test('the first network of a node gets the plugin, once, and is as it was afterwards', async (t) => {
  const node = makeNode(t);
  node.write('10-calico.conflist', CALICO);
  node.write('20-other.conflist', CALICO);
  node.write('00-readme.txt', 'not a network');
  chmodSync(join(node.config, '10-calico.conflist'), 0o600);

  const first = await node.run('install', '--pass-namespaces', 'calico-system');
  t.equal(first.code, 0);
  t.match(first.stdout, /copied the plugin to .*\nchained the plugin into .*10-calico\.conflist\n/);
  t.same(node.types('10-calico.conflist'), ['calico', 'portmap', 'nodemesh-cni']);
  t.match(JSON.parse(node.read('10-calico.conflist')).plugins[2], {
    socket: '/var/run/nodemesh/cni.sock',
    passNamespaces: ['kube-system', 'nodemesh-system', 'calico-system'],
  });
  t.equal(node.read('20-other.conflist'), CALICO);
  t.equal(statSync(join(node.config, '10-calico.conflist')).mode & 0o777, 0o600);
  t.equal(statSync(join(node.bin, 'nodemesh-cni')).mode & 0o777, 0o755);
  t.same(await node.run('install', '--pass-namespaces', 'calico-system'), {
    code: 0,
    stdout: '',
    stderr: '',
  });

  t.match(await node.run('uninstall'), { code: 0, stdout: /took the plugin out of .*10-calico/ });
  t.equal(node.read('10-calico.conflist'), CALICO);
  t.same(readdirSync(node.bin), []);
  t.same(readdirSync(node.config).sort(), ['00-readme.txt', '10-calico.conflist', '20-other.conflist']);
  t.same(await node.run('uninstall'), { code: 0, stdout: '', stderr: '' });
});

test('a file for one plugin becomes a chain, and comes back', async (t) => {
  const node = makeNode(t);
  const single = '{"name": "flat", "cniVersion": "1.0.0", "type": "bridge"}\n';
  node.write('10-flat.conf', single);
  t.equal((await node.run('install')).code, 0);
  t.same(node.types('10-flat.conflist'), ['bridge', 'nodemesh-cni']);
  t.notOk(readdirSync(node.config).includes('10-flat.conf'), 'runtimes would take it first');
  t.same(await node.run('install'), { code: 0, stdout: '', stderr: '' });
  t.equal((await node.run('uninstall')).code, 0);
  t.same(readdirSync(node.config), ['10-flat.conf']);
  t.equal(node.read('10-flat.conf'), single);
});

test('a file that is no JSON is named and left alone, the next one is taken', async (t) => {
  const node = makeNode(t);
  node.write('05-broken.conflist', '{"name": "x", "plugins": [');
  node.write('10-calico.conflist', CALICO);
  const { stderr } = await node.run('install');
  t.match(stderr, /warning: .*05-broken\.conflist is left alone: it is no JSON/);
  t.equal(node.read('05-broken.conflist'), '{"name": "x", "plugins": [');
  t.same(node.types('10-calico.conflist'), ['calico', 'portmap', 'nodemesh-cni']);
});

test('a plugin that cannot be read, or a folder that cannot be written, is one clear error', async (t) => {
  const node = makeNode(t);
  const unreadable = await node.run('install', '--plugin', '/nonexistent/plugin');
  t.equal(unreadable.code, 1);
  t.match(unreadable.stderr, /expected --plugin to be the program of the plugin, got \/nonexistent\/plugin/);
  const missing = await node.run('install', '--bin-dir', '/nonexistent/bin');
  t.equal(missing.code, 1);
  t.match(missing.stderr, /\/nonexistent\/bin\/nodemesh-cni could not be written/);
});

test('watching, it comes back whatever others do to the chain, and stays when the watcher ends', async (t) => {
  const node = makeNode(t);
  const watcher = node.watch();
  let warnings = '';
  watcher.stderr?.on('data', (chunk) => {
    warnings += chunk;
  });
  await node.until('it waits for a network', () => /no network is configured/.test(warnings));
  const isChained = (name: string) => node.types(name).at(-1) === 'nodemesh-cni';
  node.write('10-calico.conflist', CALICO);
  await node.until('the first network', () => isChained('10-calico.conflist'));

  node.write('10-calico.conflist', CALICO);
  await node.until('an upgrade that writes its file anew', () => isChained('10-calico.conflist'));
  writeFileSync(join(node.config, '.new'), CALICO);
  renameSync(join(node.config, '.new'), join(node.config, '05-cilium.conflist'));
  await node.until('another network before it', () => isChained('05-cilium.conflist'));
  unlinkSync(join(node.bin, 'nodemesh-cni'));
  await node.until('the program', () => readdirSync(node.bin).includes('nodemesh-cni'));
  // Half of a file is none.
  node.write('05-cilium.conflist', CALICO.slice(0, 50));
  await node.until('what is wrong is said', () => /05-cilium\.conflist is left alone/.test(warnings));
  t.equal(node.read('05-cilium.conflist'), CALICO.slice(0, 50));
  node.write('05-cilium.conflist', CALICO);
  await node.until('the whole of it', () => isChained('05-cilium.conflist'));

  watcher.kill('SIGTERM');
  const [code] = await once(watcher, 'exit');
  t.equal(code, 0);
  t.ok(isChained('05-cilium.conflist'), 'the next process of the node looks after it');
  await node.run('uninstall');
  t.equal(node.read('05-cilium.conflist'), CALICO);
  t.equal(node.read('10-calico.conflist'), CALICO);
});

test('a link stays a link; one that leads where nobody here can look is told of', async (t) => {
  const node = makeNode(t);
  const elsewhere = join(node.config, '..', 'elsewhere.conflist');
  writeFileSync(elsewhere, CALICO);
  symlinkSync('../elsewhere.conflist', join(node.config, '10-calico.conflist'));
  t.equal((await node.run('install')).code, 0);
  t.ok(lstatSync(join(node.config, '10-calico.conflist')).isSymbolicLink());
  t.same(node.types('10-calico.conflist'), ['calico', 'portmap', 'nodemesh-cni']);
  t.equal((await node.run('uninstall')).code, 0);
  t.equal(readFileSync(elsewhere, 'utf8'), CALICO);

  symlinkSync('/nowhere/00.conflist', join(node.config, '00-first.conflist'));
  const { code, stderr } = await node.run('install');
  t.equal(code, 0);
  t.match(stderr, /warning: .*00-first\.conflist is left alone: it is a link to something/);
  t.same(node.types('10-calico.conflist'), ['calico', 'portmap', 'nodemesh-cni'], 'the next one is taken');
});

test('what an installer left that was killed goes with the plugin', async (t) => {
  const node = makeNode(t);
  node.write('10-calico.conflist', CALICO);
  await node.run('install');
  node.write('.nodemesh-5a1c0a3e-0000-4000-8000-000000000000.tmp', '{"plugins"');
  await node.run('uninstall');
  t.same(readdirSync(node.config), ['10-calico.conflist']);
});

test('however far an installer had come that was killed, a file for one plugin comes back', async (t) => {
  const node = makeNode(t);
  const single = '{"name": "flat", "cniVersion": "1.0.0", "type": "bridge"}\n';
  node.write('10-flat.conf', single);
  await node.run('install');
  const chain = node.read('10-flat.conflist');
  const without = JSON.stringify({
    ...JSON.parse(chain),
    plugins: JSON.parse(chain).plugins.slice(0, 1),
  });
  const saved = '10-flat.conf.before-nodemesh';
  const files = (...present: readonly (readonly [string, string])[]): void => {
    for (const name of readdirSync(node.config)) unlinkSync(join(node.config, name));
    for (const [name, text] of present) node.write(name, text);
  };
  for (const [what, ...present] of [
    ['the chain is made, and its file not yet away', ['10-flat.conf', single], ['10-flat.conflist', chain]],
    ['the file is away, and the chain too', [saved, single]],
    ['the file came back, and was put away once more', [saved, single], ['20-other.conflist', CALICO]],
    [
      'both are there',
      ['10-flat.conf', single],
      [saved, '{"name": "old", "type": "bridge"}'],
      ['10-flat.conflist', chain],
    ],
  ] as const) {
    files(...present);
    t.equal((await node.run('uninstall')).code, 0, what);
    t.equal(node.read('10-flat.conf'), single, what);
    const others = present.map(([name]) => name).filter((name) => name.startsWith('20'));
    t.same(readdirSync(node.config).sort(), ['10-flat.conf', ...others], what);
  }
  const plain = chain.replace(/,\{"type":"nodemesh-cni".*?\}(?=\n)/, '');
  t.same(JSON.parse(plain), JSON.parse(without));
  files([saved, single], ['10-flat.conflist', plain]);
  await node.run('uninstall');
  t.same(readdirSync(node.config), ['10-flat.conf'], 'nor is a chain left that has lost the plugin');

  files([saved, single], ['10-flat.conflist', CALICO]);
  t.same(await node.run('uninstall'), { code: 0, stdout: '', stderr: '' });
  t.same(readdirSync(node.config).sort(), [saved, '10-flat.conflist'].sort());
  t.equal(node.read('10-flat.conflist'), CALICO, "somebody else's chain in its place stays");
});

test('watching, it is taken out whatever puts it back, and stays out when the last that does has ended', async (t) => {
  const node = makeNode(t);
  const single = '{"name": "flat", "cniVersion": "1.0.0", "type": "bridge"}\n';
  const isOut = (): boolean =>
    !readdirSync(node.bin).includes('nodemesh-cni') &&
    readdirSync(node.config).every((name) => !node.read(name).includes('nodemesh-cni'));
  for (const [name, text, ending] of [
    ['10-calico.conflist', CALICO, 'SIGTERM'],
    ['10-flat.conf', single, 'SIGTERM'],
    ['10-flat.conf', single, 'SIGKILL'],
  ] as const) {
    node.write(name, text);
    await node.run('install');
    const remover = node.watch('uninstall');
    let told = '';
    remover.stdout?.on('data', (chunk) => {
      told += chunk;
    });
    await node.until('it is out', isOut);
    const installer = node.watch('install');
    await node.until('they have taken turns', () => told.split('removed ').length > 4);
    installer.kill(ending);
    await once(installer, 'exit');
    await node.until('as it was found', () => isOut() && readdirSync(node.config).join() === name);
    t.equal(node.read(name), text, `${name}, ${ending}`);
    remover.kill('SIGTERM');
    const [code] = await once(remover, 'exit');
    t.equal(code, 0);
    t.ok(isOut());
    t.same(readdirSync(node.bin), []);
    unlinkSync(join(node.config, name));
  }
});
