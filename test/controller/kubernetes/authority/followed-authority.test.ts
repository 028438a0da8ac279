import { join } from 'node:path';
import { test } from 'tap';
import { silentLogger } from '../../../../src/base/index.ts';
import { followAuthority, mountedAuthority } from '../../../../src/controller/authority/index.ts';
import { soleLeader } from '../../../../src/controller/leadership/index.ts';
import { openAuthority } from '../../../../src/identity/index.ts';
import { withFolder } from '../../../identity/support/certificates.ts';
import { makeMaterial } from '../../../identity/support/plugged-material.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { mountVolume } from './kubelet-volume.ts';

test('files that are swapped while they are read are never of two authorities', async (t) => {
  const contents = ['one', 'two'].map((name) => {
    const { certificatePem, keyPem, chainPem, rootsPem } = makeMaterial({ name });
    return {
      'ca-cert.pem': certificatePem,
      'ca-key.pem': keyPem,
      'cert-chain.pem': chainPem,
      'root-cert.pem': rootsPem,
    };
  });
  const volume = await mountVolume(t, contents[0] ?? {});
  const place = mountedAuthority(volume.folder);
  let over = false;
  const swapping = (async () => {
    for (let round = 1; round <= 100; round++) {
      await volume.swap(contents[round % 2] ?? {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    over = true;
  })();
  const roots = new Set<string>();
  while (!over) {
    const read = await place.read();
    const whole = contents.find((one) => one['ca-cert.pem'] === read?.certificatePem);
    if (read?.keyPem !== whole?.['ca-key.pem'] || read?.rootsPem !== whole?.['root-cert.pem'])
      t.fail('a mixture');
    roots.add(read?.rootsPem ?? 'none');
  }
  await swapping;
  t.equal(roots.size, 2, 'both were seen, and nothing else');
});

test('an authority that ends while it is in use is told of, until another has taken its place', (t) =>
  withFolder(async (folder) => {
    const clock = createFakeClock(Date.now() + 60_000);
    const [begin, next] = [makeMaterial({ name: 'short', days: 1 }), makeMaterial({ name: 'next' })];
    const authority = await openAuthority({
      ...{ trustDomain: 'cluster.local', directory: join(folder, 'ca'), begin, clock },
    });
    let handedIn = begin;
    const told: (string | undefined)[] = [];
    const follower = followAuthority({
      place: { name: 'here', read: async () => handedIn },
      authority,
      leadership: soleLeader,
      overlapMs: 2 * HOUR_MS,
      published: () => true,
      acknowledged: async () => true,
      tell: (problem) => void told.push(problem),
      everyMs: HOUR_MS,
      clock,
      log: silentLogger,
    });
    const pass = async (hours: number): Promise<void> => {
      for (let hour = 0; hour < hours; hour++) {
        await clock.advance(HOUR_MS);
        // Files are written by then.
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    };
    await pass(23);
    t.same(told, [], 'all is well');
    await pass(3);
    t.match(told[0], /expected an authority in force, .* which ended/);
    t.ok(told.length > 1, 'what goes on is told again, before the Event that says so is forgotten');
    t.equal(new Set(told).size, 1);
    handedIn = next;
    // On a busy machine files take longer than an hour of this clock.
    for (let hour = 0; hour < 200 && told.at(-1) !== undefined; hour++) await pass(1);
    t.equal(told.indexOf(undefined), told.length - 1, 'what is over is told once, and last');
    t.match(authority.roots(), [{ state: 'active' }, { state: 'retired' }]);
    await follower.close();
    await authority.close();
  }));

const HOUR_MS = 3_600_000;
