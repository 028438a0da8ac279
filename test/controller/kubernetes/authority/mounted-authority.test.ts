import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../src/base/index.ts';
import { type Test, test } from 'tap';
import { type AuthorityMaterial, createSelfSignedMaterial } from '../../../../src/identity/index.ts';
import { makeMaterial } from '../../../identity/support/plugged-material.ts';
import type { FakeKubernetesApi } from '../../../support/kubernetes-api/fake-kubernetes-api.ts';
import { type Replica, startReplica, until } from '../replica.ts';
import { connected } from '../support.ts';
import { furnish, issue, rootsIn } from './issued.ts';
import { mountVolume } from './kubelet-volume.ts';
import { eventually } from '../../../kubernetes/support/kubectl.ts';

type Files = Readonly<Record<string, string>>;

/** As Istio has it. */
const cacerts = ({ certificatePem, keyPem, chainPem, rootsPem }: AuthorityMaterial): Files => ({
  'ca-cert.pem': certificatePem,
  'ca-key.pem': keyPem,
  'cert-chain.pem': chainPem,
  'root-cert.pem': rootsPem,
});
/** As cert-manager has it: what stands between the one that signs and the root is behind the former. */
const certManager = ({ certificatePem, keyPem, chainPem, rootsPem }: AuthorityMaterial): Files => ({
  'tls.crt': `${certificatePem}${chainPem.replace(certificatePem, '')}`,
  'tls.key': keyPem,
  'ca.crt': rootsPem,
});
const LAYOUTS = { cacerts, 'cert-manager': certManager };

const OVERLAP_MS = 1_500;
const start = (t: Test, kubeconfig: string, authorityFolder: string): Promise<Replica> =>
  startReplica(t, kubeconfig, { instance: 'a', rootOverlapMs: OVERLAP_MS, authorityFolder });
const eventsOf = (fake: FakeKubernetesApi): string =>
  JSON.stringify(fake.store.list('events').filter(({ reason }) => reason === 'AuthorityRefused'));

async function furnished(t: Test): ReturnType<typeof connected> {
  const parts = await connected(t);
  furnish(parts.fake);
  return parts;
}

const isRefused = async (replica: Replica): Promise<boolean> =>
  /^nodemesh_controller_ca_refused 1$/m.test(await replica.metrics());

for (const [name, layout] of Object.entries(LAYOUTS))
  for (const levels of [0, 1, 2] as const)
    test(`an authority mounted as ${name} lays it out, ${levels} below its root, signs, and another takes its place with overlap`, async (t) => {
      const { fake, kubeconfig } = await furnished(t);
      const [one, two] = [makeMaterial({ name: 'one', levels }), makeMaterial({ name: 'two', levels })];
      const volume = await mountVolume(t, layout(one));
      const replica = await start(t, kubeconfig, volume.folder);
      await until('roots', () => rootsIn(fake) === one.rootsPem);
      const first = await issue(fake, replica);
      t.ok(first.isBy(one));
      t.equal(first.roots, one.rootsPem);
      t.equal(fake.get('Secret', 'nodemesh-system', 'nodemesh-ca'), undefined, 'none is made beside it');

      await volume.swap(layout(two));
      await until('both are trusted', () => rootsIn(fake) === `${one.rootsPem}${two.rootsPem}`);
      t.ok((await issue(fake, replica)).isBy(one), 'the old one signs meanwhile');
      await until('the new one leads', () => rootsIn(fake) === `${two.rootsPem}${one.rootsPem}`);
      t.ok((await issue(fake, replica)).isBy(two));
      t.equal(eventsOf(fake), '[]', 'there was nothing to complain of');
      await replica.stop();
    });

test('an intermediate that is renewed under its root changes who signs, and not who is trusted', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const [one, two] = makeMaterials(['one', 'two']);
  const volume = await mountVolume(t, certManager(one));
  const replica = await start(t, kubeconfig, volume.folder);
  await until('roots', () => rootsIn(fake) === one.rootsPem);
  await volume.swap(certManager(two));
  await eventually('the new one signs', async () => (await issue(fake, replica)).isBy(two));
  t.equal((await issue(fake, replica)).roots, one.rootsPem);
  t.equal(rootsIn(fake), one.rootsPem, 'the root is there once');
  await replica.stop();
});

/** Two intermediates under one root. */
function makeMaterials(names: readonly [string, string]): readonly [AuthorityMaterial, AuthorityMaterial] {
  const root = makeMaterial({ name: 'root', levels: 0 });
  const [one, two] = names.map((name) => makeMaterial({ name, levels: 1, under: root }));
  return [one ?? root, two ?? root];
}

test('what cannot be used is refused with one clear error, and what is in use stays in use', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const good = makeMaterial({ name: 'good' });
  const other = makeMaterial({ name: 'other' });
  const volume = await mountVolume(t, cacerts(good));
  const replica = await start(t, kubeconfig, volume.folder);
  await until('roots', () => rootsIn(fake) === good.rootsPem);
  const [, half = ''] = /^([\s\S]{80})/.exec(other.certificatePem) ?? [];
  const early = await createSelfSignedMaterial({
    trustDomain: 'cluster.local',
    nowMs: Date.now() + 86_400_000,
  });
  const leaf = makeMaterial({ name: 'leaf', constraints: 'critical,CA:FALSE' });
  const cases: readonly (readonly [what: string, files: Files, said: RegExp])[] = [
    ['garbage', { ...cacerts(good), 'ca-cert.pem': 'hello' }, /signing certificate in PEM/],
    ['half written', { ...cacerts(other), 'ca-cert.pem': half }, /signing certificate in PEM/],
    ['an empty file', { ...cacerts(other), 'ca-cert.pem': '' }, /got no ca-cert\.pem/],
    ['no key', { 'ca-cert.pem': other.certificatePem, 'root-cert.pem': other.rootsPem }, /got no ca-key/],
    ['a key of another', { ...cacerts(other), 'ca-key.pem': good.keyPem }, /key of the signing certificate/],
    ['expired', cacerts(makeMaterial({ name: 'old', days: 0 })), /in force.*that ended/],
    ['not yet in force', cacerts(early), /in force.*valid from/],
    ['a leaf', cacerts(leaf), /certificates of authorities/],
    ['a root of another', { ...cacerts(other), 'root-cert.pem': good.rootsPem }, /chain from/],
    ['both layouts', { ...cacerts(good), ...certManager(other) }, /expected one authority, got two/],
    ['nothing at all', {}, /expected an authority in .*, got none/],
  ];
  for (const [what, files, said] of cases) {
    const before = eventsOf(fake);
    await volume.swap(files);
    await until(`an Event about ${what}`, () => eventsOf(fake) !== before && said.test(eventsOf(fake)));
    t.equal(rootsIn(fake), good.rootsPem, what);
    t.ok((await issue(fake, replica)).isBy(good), `${what}: the old one signs`);
    t.ok(await isRefused(replica), what);
    await volume.swap(cacerts(good));
    await eventually('it is good again', async () => !(await isRefused(replica)));
  }
  const accepted = (): boolean =>
    fake.store.list('events').some(({ reason }) => reason === 'AuthorityAccepted');
  await until('an Event that it is over', accepted);
  await replica.stop();
});

test('without an authority that can be used there is no start; with one of before there is', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const good = makeMaterial({ name: 'good' });
  const volume = await mountVolume(t, { 'ca-cert.pem': good.certificatePem });
  await t.rejects(start(t, kubeconfig, volume.folder), {
    code: 'ERR_IDENTITY_PLUGGED',
    message: /got no ca-key\.pem/,
  });
  await volume.swap({});
  await t.rejects(start(t, kubeconfig, volume.folder), {
    code: 'ERR_CONTROLLER_AUTHORITY',
    message: /got none/,
  });
  await mkdir(join(volume.folder, 'tls.crt'));
  await t.rejects(start(t, kubeconfig, volume.folder), {
    code: 'ERR_CONTROLLER_AUTHORITY',
    message: /expected a file at .*tls\.crt/,
  });
  await rm(join(volume.folder, 'tls.crt'), { recursive: true });
  t.equal(fake.get('Secret', 'nodemesh-system', 'nodemesh-authority'), undefined, 'nothing was made');
  t.equal(fake.get('Secret', 'nodemesh-system', 'nodemesh-ca'), undefined, 'nothing was made');

  await volume.swap(cacerts(good));
  await (await start(t, kubeconfig, volume.folder)).stop();
  await volume.swap({ ...cacerts(good), 'ca-key.pem': '' });
  const again = await start(t, kubeconfig, volume.folder);
  await until('roots', () => rootsIn(fake) === good.rootsPem);
  t.ok((await issue(fake, again)).isBy(good));
  await until('an Event', () => /got no ca-key\.pem/.test(eventsOf(fake)));
  await again.stop();
});

test('an authority whose turn never came is trusted no more once another has taken its place', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const [one, wrong, right] = ['one', 'wrong', 'right'].map((name) => makeMaterial({ name }));
  if (one === undefined || wrong === undefined || right === undefined) return;
  const volume = await mountVolume(t, cacerts(one));
  // The time of day stands still, and with it the overlap: however slow this machine is, no turn ever comes.
  const nowMs = Date.now();
  const replica = await startReplica(t, kubeconfig, {
    ...{ instance: 'a', rootOverlapMs: OVERLAP_MS, authorityFolder: volume.folder },
    clock: { ...systemClock, now: () => nowMs },
  });
  await until('roots', () => rootsIn(fake) === one.rootsPem);
  await volume.swap(cacerts(wrong));
  await until('both are trusted', () => rootsIn(fake) === `${one.rootsPem}${wrong.rootsPem}`);
  await volume.swap(cacerts(right));
  await until('the wrong one is not', () => rootsIn(fake) === `${one.rootsPem}${right.rootsPem}`);
  await replica.stop();
});

test('a Secret that is deleted leaves what is in use in use, also for who starts then', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const first = await startReplica(t, kubeconfig, { instance: 'a', rootOverlapMs: OVERLAP_MS });
  await until('roots', () => rootsIn(fake) !== '');
  const roots = rootsIn(fake);
  fake.remove('Secret', 'nodemesh-system', 'nodemesh-ca');
  await until('an Event', () => /Secret nodemesh-system\/nodemesh-ca, got none/.test(eventsOf(fake)));
  t.equal((await issue(fake, first)).roots, roots);
  await first.stop();
  const second = await startReplica(t, kubeconfig, { instance: 'b', rootOverlapMs: OVERLAP_MS });
  t.equal((await issue(fake, second)).roots, roots);
  await eventually('it says so', () => isRefused(second));
  t.equal(
    fake.get('Secret', 'nodemesh-system', 'nodemesh-ca'),
    undefined,
    'nobody makes another root of itself',
  );
  t.equal(rootsIn(fake), roots);
  await second.stop();
});

test('a ConfigMap of roots that is immutable holds up a rotation, is complained of, and is made anew when it is deleted', async (t) => {
  const { fake, kubeconfig } = await furnished(t);
  const [one, two] = [makeMaterial({ name: 'one' }), makeMaterial({ name: 'two' })];
  const volume = await mountVolume(t, cacerts(one));
  const replica = await start(t, kubeconfig, volume.folder);
  await until('roots', () => rootsIn(fake) === one.rootsPem);
  const present = fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert');
  if (present !== undefined) fake.put({ ...present, immutable: true });
  await volume.swap(cacerts(two));
  const complaint = (): boolean =>
    fake.store
      .list('events')
      .some(({ reason, message }) => reason === 'RootsNotWritten' && /immutable/.test(String(message)));
  await until('an Event', complaint);
  t.match(await replica.metrics(), /^nodemesh_controller_roots_unwritten 1$/m);
  await new Promise((resolve) => setTimeout(resolve, 2 * OVERLAP_MS));
  t.ok((await issue(fake, replica)).isBy(one), 'the new root does not sign');
  t.equal(rootsIn(fake), one.rootsPem);
  fake.remove('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert');
  await until('the rotation goes on', () => rootsIn(fake) === `${two.rootsPem}${one.rootsPem}`);
  t.ok((await issue(fake, replica)).isBy(two));
  t.match(await replica.metrics(), /^nodemesh_controller_roots_unwritten 0$/m);
  const written = (): boolean => fake.store.list('events').some(({ reason }) => reason === 'RootsWritten');
  await until('an Event that it is over', written);
  await replica.stop();
});
