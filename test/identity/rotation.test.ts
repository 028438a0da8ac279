import { join } from 'node:path';
import { test } from 'tap';
import { describeError } from '../../src/base/index.ts';
import { type Authority, openAuthority, type SvidStore } from '../../src/identity/index.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { A, B, HOUR_MS, withFolder } from './support/certificates.ts';
import {
  dial,
  dialLoop,
  needsServersToSeeIntermediates,
  pause,
  startServer,
  storeOf,
  until,
} from './support/live-mesh.ts';

const TTL_MS = 2000;

test('certificates of two seconds rotate under load without one failed connection', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ trustDomain: 'cluster.local', directory: join(path, 'ca') });
    const store = storeOf(authority, TTL_MS);
    store.setTrustBundle(authority.bundle());
    for (const one of [A, B]) store.retain(one);
    const server = await startServer(store, B);
    const loops = [5, 7].map((pauseMs) => dialLoop(() => dial(store, A, B, server.port), pauseMs));
    await until(() => server.rotations >= 3);
    await pause(500);
    const results = await Promise.all(loops.map((loop) => loop.stop()));
    t.same(results.flatMap((result) => result.failures).map(describeError), []);
    t.same(server.refused.map(describeError), []);
    t.ok(server.rotations >= 3, `rotations: ${server.rotations}`);
    t.comment(`connections: ${results.map((result) => result.count).join(', ')}`);
    await server.close();
    await store.close();
    await authority.close();
  }));

for (const withIntermediate of [false, true]) {
  const needs = withIntermediate ? needsServersToSeeIntermediates() : {};
  test(
    `a root rotates under load without one failed connection (intermediate: ${withIntermediate})`,
    needs,
    (t) =>
      withFolder(async (path) => {
        const directory = join(path, 'ca');
        const authority = await openAuthority({
          trustDomain: 'cluster.local',
          directory,
          withIntermediate,
          maximumTtlMs: 60_000,
        });
        const [client, serving] = [storeOf(authority, 60_000), storeOf(authority, 60_000)];
        // Bundles travel at different speeds.
        authority.bundleChanges.subscribe((next) => {
          serving.setTrustBundle(next);
          setTimeout(() => client.setTrustBundle(next), 100);
        });
        for (const store of [client, serving]) store.setTrustBundle(authority.bundle());
        client.retain(A);
        serving.retain(B);
        const server = await startServer(serving, B);
        const loop = dialLoop(() => dial(client, A, B, server.port), 5);
        const old = authority.roots()[0]?.name ?? '';
        await pause(200);
        const added = await authority.addRoot();
        t.equal(added.state, 'added');
        t.equal(authority.bundle().rootsPem.length, 2);
        await pause(300);
        const before = [client.peek(A)?.serial, serving.peek(B)?.serial];
        await authority.activateRoot(added.name);
        // Both renew by themselves, because another root leads the bundle.
        await until(() => client.peek(A)?.serial !== before[0] && serving.peek(B)?.serial !== before[1]);
        await pause(200);
        await t.rejects(authority.removeRoot(added.name), { code: 'ERR_IDENTITY_ROOT_STEP' });
        await t.rejects(authority.removeRoot(old), { code: 'ERR_IDENTITY_ROOT_STEP', message: /in use/ });
        await authority.removeRoot(old, { force: true });
        t.equal(authority.bundle().rootsPem.length, 1);
        await pause(400);
        const { count, failures } = await loop.stop();
        t.same(failures.map(describeError), []);
        t.same(server.refused.map(describeError), []);
        t.comment(`connections: ${count}`);
        t.ok(count > 20);
        await server.close();
        for (const store of [client, serving]) await store.close();
        await authority.close();
        const again = await openAuthority({ trustDomain: 'cluster.local', directory });
        t.match(again.roots(), [{ name: added.name, state: 'active' }]);
        await again.close();
      }),
  );
}

test('a client that has not heard of the new root yet accepts a server under it', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ trustDomain: 'cluster.local', directory: join(path, 'ca') });
    const { late, early } = await splitByRotation(authority);
    const server = await startServer(early, B);
    await t.resolves(dial(late, A, B, server.port));
    t.same(server.refused.map(describeError), []);
    for (const one of [server, late, early, authority]) await one.close();
  }));

test(
  'a server that has not heard of the new root yet accepts a client under it',
  needsServersToSeeIntermediates(),
  (t) =>
    withFolder(async (path) => {
      const directory = join(path, 'ca');
      const authority = await openAuthority({
        trustDomain: 'cluster.local',
        directory,
        withIntermediate: true,
      });
      const { late, early } = await splitByRotation(authority);
      const server = await startServer(late, A);
      await t.resolves(dial(early, B, A, server.port));
      t.same(server.refused.map(describeError), []);
      for (const one of [server, late, early, authority]) await one.close();
    }),
);

test('an intermediate renews itself before it ends, and its certificates stay good', (t) =>
  withFolder(async (path) => {
    const clock = createFakeClock();
    const options = {
      trustDomain: 'cluster.local',
      directory: join(path, 'ca'),
      withIntermediate: true,
      intermediateLifetimeMs: 30 * HOUR_MS,
      clock,
    };
    const authority: Authority = await openAuthority(options);
    const ends = () => authority.roots()[0]?.intermediate?.notAfterMs;
    const first = ends();
    const { serial } = await (await storeWith(authority)).get(A, 'connection');
    t.ok(serial);
    await clock.advance(21 * HOUR_MS);
    const store = await storeWith(authority);
    const svid = await store.get(B, 'connection');
    t.ok((ends() ?? 0) > (first ?? 0));
    t.equal(svid.notAfterMs, clock.now() + 24 * HOUR_MS, 'a leaf is not cut short by its issuer');
    await authority.close();
    const again = await openAuthority(options);
    t.equal(again.roots()[0]?.intermediate?.notAfterMs, svid && ends());
    await again.close();

    async function storeWith(source: Authority): Promise<SvidStore> {
      const { createSvidStore } = await import('../../src/identity/index.ts');
      return createSvidStore({
        issue: ({ csrPem, identity }) => source.issue({ csrPem, identity }),
        clock,
      });
    }
  }));

test('revocation lists are renewed at half of their life, also across a restart', (t) =>
  withFolder(async (path) => {
    const clock = createFakeClock();
    const options = {
      trustDomain: 'cluster.local',
      directory: join(path, 'ca'),
      clock,
      revocationListLifetimeMs: HOUR_MS,
    };
    const authority = await openAuthority(options);
    await authority.revoke('0A');
    const [first] = authority.bundle().crlsPem;
    let changes = 0;
    authority.bundleChanges.subscribe(() => {
      changes += 1;
    });
    await clock.advance(HOUR_MS / 2);
    await until(() => changes > 0);
    t.not(authority.bundle().crlsPem[0], first);
    await t.rejects(authority.revoke('not hex'), { code: 'ERR_IDENTITY_SERIAL' });
    await authority.close();
    t.equal(clock.pending, 0);
    const again = await openAuthority(options);
    t.equal(again.bundle().crlsPem.length, 1);
    again.destroy();
    t.equal(clock.pending, 0);
  }));

/** Two stores of which one heard of a root rotation, up to the activation of the new root, and one did not. */
async function splitByRotation(authority: Authority): Promise<{ late: SvidStore; early: SvidStore }> {
  const late = storeOf(authority, HOUR_MS);
  const early = storeOf(authority, HOUR_MS);
  late.setTrustBundle(authority.bundle());
  await late.get(A, 'connection');
  await authority.activateRoot((await authority.addRoot()).name);
  early.setTrustBundle(authority.bundle());
  return { late, early };
}
