import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'tap';
import { type UsedCertificate, usedCertificates } from '../support/certificates.ts';
import { hasFailures, startLoad } from '../support/load.ts';
import { LOAD_SECONDS, startWorld, until, type World } from '../support/world.ts';

const TIMEOUT = { timeout: (LOAD_SECONDS * 3 + 300) * 1000 };
const TTL_SECONDS = 10;

let world: World;
before(async () => {
  world = await startWorld({
    name: 'certificates',
    namespaces: { shop: true, rival: true },
    upOptions: ['--svid-ttl', `${TTL_SECONDS}s`],
  });
});
after(() => world.lab.down());

/** New connections and held ones, within a namespace and between two, while `work` goes on. */
async function loadWhile(work: () => Promise<void>): Promise<object[]> {
  const flows = [
    ['shop', 'shop'],
    ['rival', 'shop'],
  ] as const;
  const loads = await Promise.all(
    flows.flatMap(([from, to]) => {
      const target = world.server(to, 7000);
      return [
        startLoad(world.lab, world.client(from), { behaviour: 'rate', amount: 50, target }),
        startLoad(world.lab, world.client(from), { behaviour: 'hold', amount: 10, target }),
      ];
    }),
  );
  await work();
  return (await Promise.all(loads.map((load) => load.stop()))).filter(hasFailures);
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

const serialOf = ({ leaf }: UsedCertificate): string => leaf.serialNumber;

interface Processes {
  readonly stateDirectory: string;
  readonly controller: { readonly pid: number; readonly restarts: number };
  readonly nodes: readonly { readonly ztunnel: { readonly pid: number; readonly restarts: number } }[];
}
const status = async (): Promise<Processes> =>
  JSON.parse(await world.lab.lab('status', '-o', 'json')) as Processes;
const processIds = ({ controller, nodes }: Processes): readonly number[] => [
  controller.pid,
  ...nodes.map(({ ztunnel }) => ztunnel.pid),
];

test('the private keys of the authority are for nobody else to read', async (t) => {
  const folder = join((await status()).stateDirectory, 'ca');
  const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
  t.equal(await mode(folder), '700');
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  t.ok(files.some(({ name }) => name.endsWith('.key')));
  for (const { name, parentPath } of files.filter((file) => file.isFile())) {
    t.equal(await mode(join(parentPath, name)), name === 'root-cert.pem' ? '644' : '600', name);
  }
});

test(
  'certificates of ten seconds rotate under load, and while the controller restarts',
  TIMEOUT,
  async (t) => {
    const failed = await loadWhile(async () => {
      const before = (await usedCertificates(world.lab)).map(serialOf);
      await world.lab.lab('kill', 'controller');
      await until(
        'each certificate is replaced, by the controller that came after',
        async () => {
          const now = (await usedCertificates(world.lab)).map(serialOf);
          return now.length >= before.length && now.every((serial) => !before.includes(serial));
        },
        60_000,
      );
    });
    t.same(failed, []);
    const used = await usedCertificates(world.lab);
    const nowMs = Date.now();
    for (const { identity, leaf } of used) {
      const leftMs = leaf.validToDate.getTime() - nowMs;
      // Certificates count in seconds, and the authority rounds up.
      t.ok(
        leftMs > 0 && leftMs < (TTL_SECONDS + 1) * 1000,
        `${identity} is valid, for ten seconds at most: ${leftMs} ms`,
      );
    }
  },
);

test('the root is replaced under load, step by step, and nothing restarts', TIMEOUT, async (t) => {
  const before = await status();
  const [old] = (await usedCertificates(world.lab)).flatMap(({ roots }) => roots);
  const failed = await loadWhile(async () => {
    for (const step of ['add', 'activate', 'remove']) {
      await world.lab.lab('rotate-root', '--step', step);
      await seconds(1);
    }
  });
  t.same(failed, []);
  const used = await usedCertificates(world.lab);
  const trusted = new Set(used.flatMap(({ roots }) => roots.map(({ fingerprint256 }) => fingerprint256)));
  t.equal(trusted.size, 1, 'one root is left');
  t.notOk(trusted.has(old?.fingerprint256 ?? ''), 'and it is another');
  for (const { identity, leaf, roots } of used)
    t.ok(
      roots.some(({ publicKey }) => leaf.verify(publicKey)),
      `${identity} is under it`,
    );
  t.same(processIds(await status()), processIds(before));
});
