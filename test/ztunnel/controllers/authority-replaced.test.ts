import { X509Certificate } from 'node:crypto';
import { test } from 'tap';
import { makeMaterial } from '../../identity/support/plugged-material.ts';
import { enterSandbox } from '../../support/netns.ts';
import { startClusterMesh, until, expectUnharmed } from './support/cluster-mesh.ts';
import { authoritySecret } from './support/objects.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  test('the authority in the Secret is replaced under traffic: the root rotates, and no connection fails', async (t) => {
    const mesh = await startClusterMesh({ svidTtl: '10s', rootOverlap: '3s' });
    try {
      const traffic = await mesh.startTraffic();
      const before = mesh.roots();
      const next = makeMaterial({ name: 'next' });
      mesh.fake.put(authoritySecret(next));
      const trustedMs = await until(
        'both roots are trusted',
        () => mesh.roots() === `${before}${next.rootsPem}`,
      );
      const signsMs = await until('the new one signs', () => mesh.roots() === `${next.rootsPem}${before}`);
      const goneMs = await until('the old one is gone', () => mesh.roots() === next.rootsPem);
      t.comment(
        `trusted after ${trustedMs} ms, signs after ${signsMs} ms more, alone after ${goneMs} ms more`,
      );
      await mesh.untilRotated();
      await expectUnharmed(t, mesh, traffic);

      const root = new X509Certificate(next.rootsPem);
      const certificates = (await mesh.dumps()).flatMap((dump) => dump.certificates);
      t.equal(certificates.length, 2);
      for (const { identity, chain, roots } of certificates) {
        t.same(
          roots.map(({ fingerprint256 }) => fingerprint256),
          [root.fingerprint256],
          `${identity} trusts the new root alone`,
        );
        const top = chain.at(-1);
        t.ok(
          top?.fingerprint256 === root.fingerprint256 || top?.verify(root.publicKey),
          `${identity} is under it`,
        );
      }
    } finally {
      await mesh.close();
    }
  });
}
