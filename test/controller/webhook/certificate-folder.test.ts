import { writeFile } from 'node:fs/promises';
import { test } from 'tap';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { openCertificateFolder } from '../../../src/controller/webhook/certificate/index.ts';
import { openAuthority } from '../../../src/identity/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

test('a certificate in a folder is taken up when it changes, and kept while what is there is unusable', async (t) => {
  const directory = t.testdir({});
  const authority = await openAuthority({
    directory: `${directory}/ca`,
    trustDomain: 'cluster.local',
    clock: systemClock,
    log: silentLogger,
  });
  t.teardown(() => authority.close());
  const write = async () => {
    const made = await authority.serverCertificate({ dnsNames: ['localhost'], ipAddresses: [] });
    await writeFile(`${directory}/tls.crt`, made.certificatePem);
    await writeFile(`${directory}/tls.key`, made.privateKeyPem);
    return made.certificatePem;
  };
  const clock = createFakeClock();
  const open = () => openCertificateFolder({ directory, clock, log: silentLogger });
  await t.rejects(open(), { code: 'ERR_CONTROLLER_WEBHOOK', message: /expected tls\.crt and tls\.key/ });
  const first = await write();
  const folder = await open();
  const seen: string[] = [];
  folder.onRenewed(({ certificatePem }) => seen.push(certificatePem));
  const look = async (holds: () => boolean) => {
    for (let round = 0; round < 200 && !holds(); round++) {
      await clock.advance(10_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await writeFile(`${directory}/tls.key`, 'no key');
  await look(() => false);
  t.equal(folder.current.certificatePem, first);
  const second = await write();
  await look(() => seen.length > 0);
  t.same(seen, [second]);
  t.equal(folder.current.certificatePem, second);
  await folder.close();
  t.equal(clock.pending, 0);
});
