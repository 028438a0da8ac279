import { test } from 'tap';
import { createSignal, silentLogger } from '../../../src/base/index.ts';
import { openServerCertificate } from '../../../src/controller/server/server-certificate.ts';
import type { Authority } from '../../../src/identity/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const HOUR_MS = 3_600_000;
const LIFE_MS = 24 * HOUR_MS;

for (const [what, byMs, renewed] of [
  ['ended while the machine slept', 25 * HOUR_MS, 1],
  ['was made by a clock that has been set back since', -HOUR_MS, 1],
  ['is good after the clock was set by some seconds', -30_000, 0],
] as const)
  test(`the controller's own certificate is renewed ${renewed} times where it ${what}`, async (t) => {
    const clock = createFakeClock();
    let made = 0;
    const authority: Pick<Authority, 'serverCertificate' | 'bundleChanges'> = {
      async serverCertificate() {
        made += 1;
        return { certificatePem: '', privateKeyPem: '', notAfterMs: clock.now() + LIFE_MS };
      },
      bundleChanges: createSignal(),
    };
    const certificate = await openServerCertificate({
      authority,
      names: ['controller.test'],
      clock,
      log: silentLogger,
    });
    clock.set(byMs);
    await clock.advance(60_000);
    t.equal(made, 1 + renewed);
    await clock.advance(HOUR_MS);
    t.equal(made, 1 + renewed, 'and once is enough');
    await certificate.close();
    t.equal(clock.pending, 0);
  });
