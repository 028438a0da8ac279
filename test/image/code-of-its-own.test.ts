import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import { filesOf } from './support/files.ts';
import { builtImage, needsImage } from './support/image.ts';

const NOBODY = 65_532;
/** Where anybody may write, and nothing that runs comes from. */
const OPEN = ['/tmp', '/var/tmp'];

/** Whoever gets hold of a process of the image as its user should find nothing to change that another one executes or loads. */
t.test('the code of the image', needsImage(), async (t) => {
  const { root, config } = builtImage();
  const files = filesOf(root);
  const isOpen = (path: string): boolean => OPEN.some((open) => path === open || path.startsWith(`${open}/`));

  t.test('belongs to root, and nobody else may write it or beside it', async (t) => {
    t.same(
      files
        .filter(({ path, stats }) => !stats.isSymbolicLink() && !OPEN.includes(path))
        .filter(({ stats }) => stats.uid !== 0 || (stats.mode & 0o022) !== 0)
        .map(({ path, stats }) => `${path} ${stats.uid} ${stats.mode.toString(8)}`),
      [],
    );
    t.same(
      files
        .filter(({ stats }) => stats.isSymbolicLink())
        .map(({ path }) => ({ path, target: resolve(dirname(path), readlinkSync(join(root, path))) }))
        .filter(({ target }) => isOpen(target)),
      [],
      'no link leads where anybody may write',
    );
    for (const open of OPEN) t.same(readdirSync(join(root, open)), [], open);
  });

  t.test('finds its libraries beside itself and in the folders of the system', async (t) => {
    const programs = files
      .filter(
        ({ path, stats }) => stats.isFile() && (/\.(so|node)(\.|$)/.test(path) || (stats.mode & 0o111) !== 0),
      )
      .map(({ path }) => join(root, path));
    const { stdout, error } = spawnSync('readelf', ['-dW', ...programs], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    t.equal(error, undefined);
    const found = [...stdout.matchAll(/\((?:RPATH|RUNPATH)\)[^[]*\[([^\]]*)\]/g)].map(
      ([, path = '']) => path,
    );
    t.ok(found.length > 0, 'some say where theirs are');
    const folders = new Set(found.flatMap((path) => path.split(':')));
    t.same(
      [...folders].filter((folder) => !/^(\$ORIGIN|\/usr\/lib)(\/|$)/.test(folder)),
      [],
    );
    t.notOk(files.some(({ path }) => path === '/etc/ld.so.preload'));
  });

  for (const [who, user] of [
    ['nobody in particular', NOBODY],
    ['root', 0],
  ] as const)
    t.test(`is run by ${who} wherever it is started, with what others have left there`, async (t) => {
      const tmp = join(root, 'tmp');
      const poison = 'process.exit(99);\n';
      for (const path of [
        'node_modules/koffi',
        'node_modules/@koromix/koffi-linux-x64',
        'src/cli',
        'dist/cli',
      ])
        mkdirSync(join(tmp, path), { recursive: true });
      for (const path of [
        ...['node_modules/koffi/index.js', 'node_modules/@koromix/koffi-linux-x64/index.js'],
        ...['src/cli/main.ts', 'dist/cli/main.js', 'index.js', '.noderc', 'env', 'iptables-restore', 'sh'],
      ]) {
        writeFileSync(join(tmp, path), poison);
        chmodSync(join(tmp, path), 0o755);
      }
      writeFileSync(join(tmp, 'package.json'), '{"type":"commonjs","imports":{"#main":"./index.js"}}');
      writeFileSync(join(tmp, 'openssl.cnf'), 'nodejs_conf = x\n[x]\nengines = y\n[y]\nz = /tmp/engine.so\n');
      const before = filesOf(tmp).length;
      const inTmp = ['env', '-i', '-C', '/tmp', ...config.Env, 'HOME=/tmp', ...config.Entrypoint];
      const { status, stdout, stderr } = spawnSync(
        'chroot',
        [`--userspec=${user}:${user}`, root, ...inTmp, 'ztunnel', '--help'],
        { encoding: 'utf8' },
      );
      t.equal(status, 0, stderr);
      t.match(stdout, /^Usage: nodemesh ztunnel/);
      t.equal(filesOf(tmp).length, before, 'nothing is left for a later start to load');
      for (const name of readdirSync(tmp)) rmSync(join(tmp, name), { recursive: true });
      // What root compiled is kept beside the code, where root alone may write; no container has such a place.
      rmSync(join(root, 'opt/nodemesh/node_modules/.cache'), { recursive: true, force: true });
    });
});
