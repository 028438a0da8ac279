import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Test, test } from 'tap';
import { createJwksVerifier } from '../../../src/controller/tokens/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

async function keysIn(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-tokens-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'jwks.json');
  const clock = createFakeClock();
  const verifier = createJwksVerifier({ file, clock });
  const key = async (kid: string) => {
    const pair = await generateKeyPair('ES256');
    return { pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' } };
  };
  type Key = Awaited<ReturnType<typeof key>>;
  const sign = (signer: Key, claims: Readonly<Record<string, unknown>> = CLAIMS) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: signer.jwk.kid })
      .setAudience('istio-ca')
      .setExpirationTime(Math.floor(clock.now() / 1000) + 60)
      .sign(signer.pair.privateKey);
  const publish = (...known: readonly Key[]) =>
    writeFile(file, JSON.stringify({ keys: known.map(({ jwk }) => jwk) }));
  return { file, clock, verifier, key, sign, publish };
}

const CLAIMS = {
  sub: 'system:serviceaccount:nodemesh-system:ztunnel',
  'kubernetes.io': {
    namespace: 'nodemesh-system',
    serviceaccount: { name: 'ztunnel', uid: '1' },
    pod: { name: 'ztunnel-node-1', uid: '2' },
    node: { name: 'node-1', uid: '3' },
  },
};

test('a token says who calls, until it expires', async (t) => {
  const { clock, verifier, key, sign, publish } = await keysIn(t);
  const one = await key('one');
  await publish(one);
  const token = await sign(one);
  t.same(await verifier.verify(token), {
    namespace: 'nodemesh-system',
    serviceAccount: 'ztunnel',
    pod: 'ztunnel-node-1',
    podUid: '2',
    node: 'node-1',
  });
  await clock.advance(80_000);
  await t.rejects(verifier.verify(token), { code: 'ERR_CONTROLLER_TOKEN', message: /exp/ });
});

test('keys are read again when the file changes, and kept while it is broken', async (t) => {
  const { file, clock, verifier, key, sign, publish } = await keysIn(t);
  const [one, two] = [await key('one'), await key('two')];
  await t.rejects(verifier.verify(await sign(one)), { code: 'ERR_CONTROLLER_JWKS' });
  await publish(one);
  await verifier.verify(await sign(one));
  await publish(two);
  await verifier.verify(await sign(two));
  await clock.advance(2_000);
  await t.rejects(verifier.verify(await sign(one)), { code: 'ERR_CONTROLLER_TOKEN' });
  await writeFile(file, '{"keys": [');
  await clock.advance(2_000);
  await verifier.verify(await sign(two));
});

test('claims that contradict each other, or are of no service account, are refused', async (t) => {
  const { verifier, key, sign, publish } = await keysIn(t);
  const one = await key('one');
  await publish(one);
  const other = { ...CLAIMS, sub: 'system:serviceaccount:shop:cart' };
  await t.rejects(verifier.verify(await sign(one, other)), {
    code: 'ERR_CONTROLLER_TOKEN',
    message: /subject/,
  });
  await t.rejects(verifier.verify(await sign(one, { sub: 'me' })), { code: 'ERR_CONTROLLER_TOKEN' });
  const unbound = { sub: CLAIMS.sub, 'kubernetes.io': { ...CLAIMS['kubernetes.io'], pod: null, node: 'x' } };
  t.match(await verifier.verify(await sign(one, unbound)), { pod: '', node: '' });
});
