import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'tap';
import { startLoad } from '../support/load.ts';
import { usedCertificates } from '../support/certificates.ts';
import type { ShownCertificate } from '../support/attack-certificates.ts';
import { runCommand } from '../support/lab-under-test.ts';
import { stolenCertificate } from '../support/stolen-certificate.ts';
import { startWorld, until, type World } from '../support/world.ts';

const TIMEOUT = { timeout: 300_000 };
const CLIENT = 'spiffe://cluster.local/ns/shop/sa/client';
const SERVER = 'spiffe://cluster.local/ns/shop/sa/server';
const PROGRAMS = resolve('test/mesh/programs');

let world: World;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nodemesh-revocation-'));
  world = await startWorld({ name: 'revocation', namespaces: { shop: true, rival: true, outside: false } });
});
after(async () => {
  await world.lab.down();
  await rm(folder, { recursive: true, force: true });
});

/** A tunnel to the server of shop, opened from outside of the mesh by whoever has the certificate. */
async function impostor(shown: ShownCertificate): Promise<string> {
  const host = await world.serverAddress('shop');
  const headers = { ':method': 'CONNECT', ':authority': `${host}:7000` };
  const plan = { probes: [{ ...shown, name: 'it', host, port: 15008, headers, say: 'ping' }] };
  return String((await attack('tunnels', plan)).it);
}

async function attack(behaviour: string, plan: object): Promise<Readonly<Record<string, unknown>>> {
  const path = join(folder, 'plan.json');
  await writeFile(path, JSON.stringify(plan), { mode: 0o600 });
  const command = ['node', join(PROGRAMS, 'attacker.ts'), behaviour, path];
  const printed = await world.lab.lab('exec', '-n', 'outside', 'client', '--', ...command);
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

/** How many revoked peers the proxies have counted, and the pages it stands on. */
async function revokedPeers(): Promise<number> {
  const hosts = [1, 2].flatMap((node) => Array.from({ length: 8 }, (_, at) => `10.244.${node}.${at + 2}`));
  const { pages } = (await attack('metrics', { hosts })) as { readonly pages: readonly string[] };
  const text = pages.join('\n');
  const found = text.matchAll(/^nodemesh_refusals_total\{[^}]*"ERR_IDENTITY_PEER_REVOKED"[^}]*\} (\d+)/gm);
  return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function currentKey(identity: string): Promise<{ readonly serial: string; readonly key: string }> {
  const found = (await usedCertificates(world.lab)).find((one) => one.identity === identity);
  const key = found?.leaf.publicKey.export({ type: 'spki', format: 'der' });
  return { serial: found?.leaf.serialNumber ?? '', key: fingerprint(key) };
}

function misspelt(serial: string): string {
  return serial.replace(/.$/, (digit) => (digit === 'A' ? 'B' : 'A'));
}

function fingerprint(publicKey: Buffer | undefined): string {
  return createHash('sha256')
    .update(publicKey ?? '')
    .digest('hex');
}

test(
  'a stolen certificate is refused as soon as it is revoked, and its workload goes on',
  TIMEOUT,
  async (t) => {
    const stolen = await stolenCertificate(world.lab, 'node-1', CLIENT);
    const old = await currentKey(CLIENT);
    const stolenKey = createPublicKey(createPrivateKey(stolen.key)).export({ type: 'spki', format: 'der' });
    t.equal(fingerprint(stolenKey), old.key, 'it is the very key in use');
    t.equal(await impostor(stolen), '200 ping', 'until it is revoked it opens the door');

    const target = world.server('shop', 7000);
    const from = (name: string) => world.client(name);
    const loads = await Promise.all(
      ['shop', 'rival'].flatMap((name) => [
        startLoad(world.lab, from(name), { behaviour: 'rate', amount: 20, target }),
        startLoad(world.lab, from(name), { behaviour: 'hold', amount: 5, target }),
      ]),
    );
    const startedMs = performance.now();
    const said = await world.lab.lab('revoke', old.serial.toLowerCase());
    t.comment(
      `revoked, known everywhere and replaced within ${Math.round(performance.now() - startedMs)} ms`,
    );
    t.match(said, /is revoked, and every connected proxy refuses it/);
    t.match(await impostor(stolen), /^refused/);

    const [rate = {}, hold = {}, rivalRate = {}, rivalHold] = await Promise.all(
      loads.map((load) => load.stop()),
    );
    t.comment(JSON.stringify({ rate, hold }));
    t.ok(Number(rate.ok) >= Number(rate.total) - 2, 'new connections go on with the new certificate');
    t.equal(hold.failed, 5, 'open ones may be the thief’s: they are cut');
    t.match(rivalRate, { ok: rivalRate.total }, 'nobody else notices');
    t.match(rivalHold, { failed: 0 });

    const next = await currentKey(CLIENT);
    t.not(next.serial, old.serial);
    t.not(next.key, old.key, 'the key is another, too');
    t.match(said, new RegExp(`goes on with 0*${next.serial}`, 'i'));
    const held = await world.lab.client(from('shop'), 'hold', target, 2, 1);
    t.match(held, { failed: 0 });

    const log = await world.lab.lab('logs', 'ztunnel/node-2');
    t.match(log, /peer refused.*ERR_IDENTITY_PEER_REVOKED/);
    t.match(log, /connection complete.*reason=ERR_IDENTITY_PEER_REVOKED/);
    const counted = await revokedPeers();
    t.comment(`${counted} refusals counted`);
    t.ok(counted >= 6, 'the impostor, and what was cut');
  },
);

test('a server whose certificate is revoked is left by its clients, and found again', TIMEOUT, async (t) => {
  const target = world.server('shop', 7000);
  const from = world.client('rival');
  const loads = await Promise.all([
    startLoad(world.lab, from, { behaviour: 'rate', amount: 20, target }),
    startLoad(world.lab, from, { behaviour: 'hold', amount: 3, target }),
  ]);
  await world.lab.lab('revoke', (await currentKey(SERVER)).serial);
  const [rate = {}, hold = {}] = await Promise.all(loads.map((load) => load.stop()));
  t.comment(JSON.stringify({ rate }));
  t.ok(Number(rate.ok) >= Number(rate.total) - 5, 'but for those of the very moment');
  t.equal(hold.failed, 3);
  const log = await world.lab.lab('logs', 'ztunnel/node-1');
  t.match(log, /connection complete.*direction=outbound.*reason=ERR_IDENTITY_PEER_REVOKED/);
});

test(
  'a revocation outlives the controller, and an unknown serial is taken with a question',
  TIMEOUT,
  async (t) => {
    const stolen = await stolenCertificate(world.lab, 'node-1', CLIENT);
    const { serial } = await currentKey(CLIENT);
    await world.lab.lab('revoke', serial);
    await world.lab.lab('kill', 'controller');
    await until('the controller is back', async () => {
      return /is revoked/.test(await world.lab.lab('revoke', misspelt(serial)).catch(String));
    });
    t.match(await impostor(stolen), /^refused/);
    const target = world.server('shop', 7000);
    t.match(await world.lab.client(world.client('shop'), 'rate', target, 20, 1), { ok: 20 });
    const { serial: current } = await currentKey(CLIENT);
    const command = ['bin/nodemesh.js', 'lab', 'revoke', '--name', 'revocation', misspelt(current)];
    t.match(await runCommand(process.execPath, command), {
      code: 0,
      stdout: /is revoked/,
      stderr: new RegExp(`did you mean 0*${current} of ${CLIENT}`, 'i'),
    });
    await t.rejects(world.lab.lab('revoke', 'nonsense'), { message: /expected a serial number/ });
  },
);
