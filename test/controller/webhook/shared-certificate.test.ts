import { X509Certificate } from 'node:crypto';
import { type Test, test } from 'tap';
import { silentLogger } from '../../../src/base/index.ts';
import {
  openSharedCertificate,
  type SharedCertificateOptions,
} from '../../../src/controller/webhook/index.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { connected } from '../kubernetes/support.ts';

const DAY_MS = 86_400_000;
const configuration = (...names: readonly string[]) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'nodemesh' },
  webhooks: names.map((name) => ({
    name,
    clientConfig: {
      service: { name: 'nodemesh-controller', namespace: 'nodemesh-system', path: '/validate' },
    },
  })),
});

async function cluster(t: Test) {
  const { fake, api } = await connected(t);
  const clock = createFakeClock(Date.now());
  const open = (options: Partial<SharedCertificateOptions> = {}) =>
    openSharedCertificate({
      ...{ api, clock, namespace: 'nodemesh-system', log: silentLogger, leads: () => true },
      ...options,
    });
  return { fake, api, clock, open };
}

function secretOf(fake: FakeKubernetesApi): Readonly<Record<string, string>> {
  const data = (
    fake.get('Secret', 'nodemesh-system', 'nodemesh-webhook') as { data?: Record<string, string> } | undefined
  )?.data;
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );
}

function bundlesOf(fake: FakeKubernetesApi): readonly string[] {
  const { webhooks = [] } = (fake.get('ValidatingWebhookConfiguration', '', 'nodemesh') ?? {}) as {
    readonly webhooks?: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
  };
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
}

/** Time goes on, and the API server is real: looks are given time to end. */
async function until(t: Test, clock: FakeClock, what: string, holds: () => boolean): Promise<void> {
  for (let round = 0; round < 300; round++) {
    if (holds()) {
      t.pass(what);
      return;
    }
    await clock.advance(10_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.fail(`waited for: ${what}`);
}

/** As the API server checks it. */
function isTrusted(bundle: string, certificatePem: string): boolean {
  const leaf = new X509Certificate(certificatePem);
  const authorities = bundle.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
  return (
    leaf.checkHost('nodemesh-controller.nodemesh-system.svc') !== undefined &&
    authorities.some(
      (authority) => authority.ca && leaf.checkIssued(authority) && leaf.verify(authority.publicKey),
    )
  );
}

test('whoever is first makes the certificate, and the others share it', async (t) => {
  const { fake, open } = await cluster(t);
  const replicas = await Promise.all([open(), open({ leads: () => false }), open({ leads: () => false })]);
  t.teardown(() => Promise.all(replicas.map((one) => one.close())));
  const pems = new Set(replicas.map(({ current }) => current.certificatePem));
  t.equal(pems.size, 1);
  const secret = secretOf(fake);
  t.same([...pems], [secret['tls.crt']]);
  t.ok(isTrusted(secret['ca.crt'] ?? '', secret['tls.crt'] ?? ''));
  t.notMatch(Object.keys(secret).join(), /ca\.key/, 'the key of the authority is nowhere');
});

test('the leader has every webhook of the configuration trust it, and mends what somebody changes', async (t) => {
  const { fake, clock, open } = await cluster(t);
  const one = await open();
  t.teardown(() => one.close());
  fake.put(configuration('a.nodemesh.io', 'b.nodemesh.io'));
  const isInOrder = () => {
    const bundles = bundlesOf(fake);
    return (
      bundles.length > 0 &&
      bundles.every((bundle) => bundle !== '' && isTrusted(bundle, one.current.certificatePem))
    );
  };
  await until(t, clock, 'both', () => bundlesOf(fake).length === 2 && isInOrder());
  fake.put(configuration('c.nodemesh.io'));
  await until(t, clock, 'the other', () => bundlesOf(fake).length === 1 && isInOrder());
});

test('a replica that does not lead leaves the configuration alone', async (t) => {
  const { fake, clock, open } = await cluster(t);
  let leads = false;
  const one = await open({ leads: () => leads });
  t.teardown(() => one.close());
  fake.put(configuration('a.nodemesh.io'));
  for (let round = 0; round < 5; round++) {
    await clock.advance(10_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.same(bundlesOf(fake), ['']);
  leads = true;
  await until(t, clock, 'the bundle', () => bundlesOf(fake)[0] !== '');
});

test('a certificate is followed by the next, which is trusted before it is served', async (t) => {
  const { fake, clock, open } = await cluster(t);
  const leader = await open();
  const other = await open({ leads: () => false });
  t.teardown(() => Promise.all([leader.close(), other.close()]));
  fake.put(configuration('a.nodemesh.io'));
  const first = leader.current.certificatePem;
  await until(t, clock, 'the bundle', () => bundlesOf(fake)[0] !== '');
  await clock.advance(45 * DAY_MS);
  await until(t, clock, 'the next one', () => secretOf(fake)['next-tls.crt'] !== undefined);
  const next = secretOf(fake)['next-tls.crt'] ?? '';
  await until(t, clock, 'both to be trusted', () =>
    [first, next].every((pem) => isTrusted(bundlesOf(fake)[0] ?? '', pem)),
  );
  t.same([leader.current.certificatePem, other.current.certificatePem], [first, first], 'not served yet');
  const renewed: string[] = [];
  leader.onRenewed(({ certificatePem }) => renewed.push(certificatePem));
  await until(t, clock, 'both replicas to serve it', () =>
    [leader, other].every(({ current }) => current.certificatePem === next),
  );
  t.same(renewed, [next]);
  t.ok(isTrusted(bundlesOf(fake)[0] ?? '', first), 'who is late with the old one is still trusted');
  t.equal(secretOf(fake)['next-tls.crt'], undefined);
  await clock.advance(45 * DAY_MS);
  await until(t, clock, 'one more', () => secretOf(fake)['next-tls.crt'] !== undefined);
  t.equal((secretOf(fake)['ca.crt'] ?? '').match(/BEGIN/g)?.length, 2, 'the bundle does not grow');
});

test('a Secret that is deleted, damaged or for another name is made anew', async (t) => {
  const { fake, clock, open } = await cluster(t);
  const one = await open();
  t.teardown(() => one.close());
  const first = one.current.certificatePem;
  fake.remove('Secret', 'nodemesh-system', 'nodemesh-webhook');
  await until(t, clock, 'another', () => one.current.certificatePem !== first);
  const second = one.current.certificatePem;
  const { data = {} } = fake.get('Secret', 'nodemesh-system', 'nodemesh-webhook') as { data?: object };
  for (const damage of [{ 'tls.key': 'bm8=' }, { 'ca.crt': '' }, { 'tls.crt': 7 }]) {
    const before = one.current.certificatePem;
    const metadata = { name: 'nodemesh-webhook', namespace: 'nodemesh-system' };
    fake.put({ apiVersion: 'v1', kind: 'Secret', metadata, data: { ...data, ...damage } });
    await until(t, clock, 'another', () => one.current.certificatePem !== before);
  }
  t.not(one.current.certificatePem, second);
  const renamed = await open({ serviceName: 'other' });
  t.teardown(() => renamed.close());
  t.ok(new X509Certificate(renamed.current.certificatePem).checkHost('other.nodemesh-system.svc'));
});

test('the API server may be away: the last certificate stays in force', async (t) => {
  const { fake, clock, open } = await cluster(t);
  const one = await open();
  t.teardown(() => one.close());
  const { certificatePem } = one.current;
  await fake.stop();
  for (let round = 0; round < 3; round++) {
    await clock.advance(10_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  t.equal(one.current.certificatePem, certificatePem);
  await t.rejects(open(), { code: 'ERR_KUBERNETES_UNREACHABLE' });
  await fake.start();
  fake.put(configuration('a.nodemesh.io'));
  await until(t, clock, 'the bundle', () => bundlesOf(fake)[0] !== '');
});
