import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { NET_PROGRAMS } from './support/net-programs.ts';
import { filesOf } from './support/files.ts';
import { builtImage, needsImage } from './support/image.ts';

const MIB = 2 ** 20;
const NOBODY = 65_532;

t.test('the image', needsImage(), async (t) => {
  const { root, config, sizeBytes, id } = builtImage();
  const files = filesOf(root);
  const paths = new Set(files.map(({ path }) => path));
  const inside = (user: number, ...command: readonly string[]) =>
    spawnSync('chroot', [`--userspec=${user}:${user}`, root, 'env', '-i', ...config.Env, ...command], {
      encoding: 'utf8',
    });
  t.comment(`${id}: ${Math.round(sizeBytes / MIB)} MiB, ${files.length} files`);

  t.test('is what two builds made, and small enough to be pulled by every node', async (t) => {
    // buildImage has compared the two builds' digests.
    t.match(id, /^sha256:[0-9a-f]{64}$/);
    t.ok(sizeBytes < 400 * MIB, `${sizeBytes} bytes`);
  });

  t.test(
    'says what it is, under which licence, and starts the command line as nobody in particular',
    async (t) => {
      t.match(config.Labels, {
        'org.opencontainers.image.title': 'nodemesh',
        'org.opencontainers.image.licenses': 'Apache-2.0',
        'org.opencontainers.image.version': /^\d+\.\d+\.\d+$/,
        'org.opencontainers.image.revision': /./,
        'org.opencontainers.image.description': /./,
      });
      t.equal(config.User, '65532:65532');
      const { status, stdout, stderr } = inside(NOBODY, ...config.Entrypoint, '--version');
      t.equal(status, 0, stderr);
      t.match(stdout, /^\d+\.\d+\.\d+\n$/);
      t.match(inside(NOBODY, ...config.Entrypoint, ...config.Cmd).stdout, /^Usage: nodemesh/);
      t.equal(inside(NOBODY, 'nodemesh', '--version').stdout, stdout, 'by its name too');
    },
  );

  t.test('lets nobody become another user, nor leave something for others', async (t) => {
    const isSpecial = (mode: number): boolean => (mode & 0o6000) !== 0;
    t.same(
      files.filter(({ stats }) => stats.isFile() && isSpecial(stats.mode)).map(({ path }) => path),
      [],
    );
    const writable = files.filter(({ stats }) => !stats.isSymbolicLink() && (stats.mode & 0o002) !== 0);
    t.same(writable.map(({ path }) => path).sort(), ['/tmp', '/var/tmp']);
    t.ok(
      writable.every(({ stats }) => (stats.mode & 0o1000) !== 0),
      'sticky',
    );
    t.same(
      files.filter(({ stats }) => stats.uid === NOBODY).map(({ path }) => path),
      [],
      'nothing is its own user’s',
    );
    t.same(
      files.filter(({ stats }) => stats.isCharacterDevice() || stats.isBlockDevice()).map(({ path }) => path),
      [],
    );
  });

  t.test('has nothing that installs, compiles or fetches software', async (t) => {
    const names = [
      'apt',
      'apt-get',
      'dpkg',
      'npm',
      'npx',
      'gcc',
      'cc',
      'make',
      'perl',
      'python3',
      'curl',
      'wget',
      'mount.nfs',
    ];
    const folders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
    const found = names
      .flatMap((name) => folders.map((folder) => `${folder}/${name}`))
      .filter((path) => paths.has(path));
    t.same(found, []);
  });

  t.test('has every program that rules are made with, and they start', async (t) => {
    for (const command of NET_PROGRAMS) {
      const { status, stderr, error } = inside(0, ...command);
      t.equal(status, 0, `${command.join(' ')}: ${error?.message ?? stderr}`);
    }
  });

  t.test('has what the program reads besides its code', async (t) => {
    const needed = [
      '/opt/nodemesh/dist/dashboard/index.html',
      '/opt/nodemesh/daemonset/crds/nodemesh.io_ratelimits.yaml',
      '/opt/nodemesh/LICENSE',
      '/usr/local/lib/nodemesh/nodemesh-cni',
    ];
    t.same(
      needed.filter((path) => !paths.has(path)),
      [],
    );
    const version = spawnSync(join(root, '/usr/local/lib/nodemesh/nodemesh-cni'), {
      encoding: 'utf8',
      env: { CNI_COMMAND: 'VERSION' },
      input: '{"cniVersion":"1.0.0"}',
    });
    t.match(JSON.parse(version.stdout), { supportedVersions: /1\.1\.0/ });
  });

  t.test('has a bill of materials, and the licence of everything in it', async (t) => {
    const bom = JSON.parse(readFileSync(join(root, 'opt/nodemesh/sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    t.equal(bom.bomFormat, 'CycloneDX');
    const installed = files
      .filter(({ path }) => /\/node_modules\/(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path))
      .map(
        ({ path }) =>
          JSON.parse(readFileSync(join(root, path), 'utf8')) as {
            readonly name: string;
            readonly version: string;
          },
      )
      .map(({ name, version }) => `${name}@${version}`);
    const listed = new Set(bom.components.map(({ name, version }) => `${name}@${version}`));
    t.same(
      installed.filter((name) => !listed.has(name)),
      [],
      'nothing is there that is not listed',
    );
    const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
    const debian = [...status.matchAll(/^Package: (.+)$/gm)].map(([, name = '']) => name);
    t.ok(debian.includes('iptables') && debian.includes('libc6'), 'Debian’s packages, for scanners');
    t.same(
      debian.filter((name) => !existsSync(join(root, 'usr/share/doc', name, 'copyright'))),
      [],
    );
  });
});
