import { join } from 'node:path';
import { test } from 'tap';
import { KeyUsageFlags } from '../../src/identity/certificates/x509-library.ts';
import {
  createPeerVerifier,
  createSigningRequest,
  IdentityError,
  openAuthority,
  type PeerExpectation,
  verifyPeer,
} from '../../src/identity/index.ts';
import { parsePemCertificates } from '../../src/identity/certificates/index.ts';
import type { TrustBundle } from '../../src/model/index.ts';
import {
  A,
  B,
  bundle,
  HOUR_MS,
  identity,
  makeCertificate,
  makeRoot,
  type TestSigner,
  withFolder,
} from './support/certificates.ts';

const now = Date.now();
const anybody: PeerExpectation = { trustDomain: 'cluster.local' };

function judge(chain: readonly TestSigner[], trusted: TrustBundle, expected = anybody, nowMs = now): string {
  try {
    return verifyPeer({ chain: chain.map((one) => one.der), bundle: trusted, expected, nowMs }).id;
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
}

test('a leaf under a trusted root proves its identity, to those who expect it', async (t) => {
  const root = await makeRoot();
  const leaf = await makeCertificate({ signer: root, uris: [A.id] });
  const trusted = bundle([root]);
  t.equal(judge([leaf], trusted), A.id);
  t.equal(judge([leaf, root], trusted), A.id, 'a root that was sent along does not matter');
  t.equal(judge([leaf], trusted, { identities: new Set([B.id, A.id]) }), A.id);
  t.equal(judge([leaf], trusted, { identities: new Set([B.id]) }), 'ERR_IDENTITY_PEER_UNEXPECTED');
  t.equal(judge([leaf], trusted, { identities: new Set() }), 'ERR_IDENTITY_PEER_UNEXPECTED');
  t.equal(judge([leaf], trusted, { trustDomain: 'other.example' }), 'ERR_IDENTITY_PEER_TRUST_DOMAIN');
  const options = {
    chain: [leaf.der],
    bundle: trusted,
    expected: { identities: new Set([B.id]) },
    nowMs: now,
  };
  t.throws(() => verifyPeer(options), { message: `expected ${B.id}, got ${A.id}` });
});

test('a peer is refused by the reason that an operator needs', async (t) => {
  const root = await makeRoot();
  const trusted = bundle([root]);
  const leaf = (options: Parameters<typeof makeCertificate>[0]) =>
    makeCertificate({ signer: root, uris: [A.id], ...options });
  const elsewhere = identity('spiffe://elsewhere.example/ns/shop/sa/a').id;
  const stranger = await makeRoot('CN=stranger');
  const impostor = await makeRoot('CN=test root');
  const rows: readonly (readonly [string, readonly TestSigner[]])[] = [
    ['ERR_IDENTITY_PEER_NO_CERTIFICATE', []],
    ['ERR_IDENTITY_PEER_EXPIRED', [await leaf({ notAfterMs: now - 5000 })]],
    ['ERR_IDENTITY_PEER_NOT_YET_VALID', [await leaf({ notBeforeMs: now + 60_000 })]],
    ['ERR_IDENTITY_PEER_TRUST_DOMAIN', [await leaf({ uris: [elsewhere] })]],
    ['ERR_IDENTITY_PEER_SAN', [await leaf({ uris: [], name: 'CN=x' })]],
    ['ERR_IDENTITY_PEER_SAN', [await leaf({ uris: [A.id, B.id] })]],
    ['ERR_IDENTITY_PEER_SAN', [await leaf({ uris: ['spiffe://cluster.local/a/b'] })]],
    ['ERR_IDENTITY_PEER_SAN', [await leaf({ uris: ['https://cluster.local/ns/shop/sa/a'] })]],
    ['ERR_IDENTITY_PEER_SELF_SIGNED', [await makeCertificate({ name: 'CN=me', uris: [A.id] })]],
    ['ERR_IDENTITY_PEER_SELF_SIGNED', [await leaf({ signer: stranger }), stranger]],
    ['ERR_IDENTITY_PEER_UNTRUSTED', [await leaf({ signer: stranger })]],
    ['ERR_IDENTITY_PEER_UNTRUSTED', [await leaf({ signer: impostor })]],
    ['ERR_IDENTITY_PEER_USAGE', [await leaf({ ca: true })]],
    ['ERR_IDENTITY_PEER_USAGE', [await leaf({ usage: undefined })]],
    ['ERR_IDENTITY_PEER_USAGE', [await leaf({ usage: KeyUsageFlags.keyEncipherment })]],
    [
      'ERR_IDENTITY_PEER_USAGE',
      [await leaf({ usage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign })],
    ],
    [
      'ERR_IDENTITY_PEER_USAGE',
      [await leaf({ usage: KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign })],
    ],
    ['ERR_IDENTITY_PEER_USAGE', [await leaf({ extendedUsage: ['1.3.6.1.5.5.7.3.1'] })]],
    ['ERR_IDENTITY_PEER_USAGE', [await leaf({ criticalExtension: '1.2.3.4.5' })]],
  ];
  for (const [code, chain] of rows) t.equal(judge(chain, trusted), code);
  const good = await leaf({ extendedUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'] });
  t.equal(judge([good], trusted), A.id);
  t.equal(judge([good], bundle([])), 'ERR_IDENTITY_PEER_UNTRUSTED', 'an empty bundle trusts nobody');
  t.throws(
    () =>
      verifyPeer({
        chain: [Buffer.concat([good.der, Buffer.from([0])])],
        bundle: trusted,
        expected: anybody,
        nowMs: now,
      }),
    { code: 'ERR_IDENTITY_PEER_MALFORMED' },
    'bytes behind a certificate',
  );
});

test('intermediates may come in any order, and must be authorities in time with room below them', async (t) => {
  const root = await makeRoot();
  const trusted = bundle([root]);
  const under = async (
    top: Parameters<typeof makeCertificate>[0],
    bottom: Parameters<typeof makeCertificate>[0] = {},
  ) => {
    const first = await makeCertificate({ signer: root, name: 'CN=first', ca: true, ...top });
    const second = await makeCertificate({ signer: first, name: 'CN=second', ca: true, ...bottom });
    return [await makeCertificate({ signer: second, uris: [A.id] }), first, second] as const;
  };
  t.equal(judge(await under({}), trusted), A.id);
  t.equal(judge(await under({ pathLength: 1 }), trusted), A.id);
  t.equal(judge(await under({ pathLength: 0 }), trusted), 'ERR_IDENTITY_PEER_USAGE');
  t.equal(judge(await under({ ca: false }), trusted), 'ERR_IDENTITY_PEER_USAGE');
  t.equal(judge(await under({ usage: KeyUsageFlags.digitalSignature }), trusted), 'ERR_IDENTITY_PEER_USAGE');
  t.equal(judge(await under({}, { notAfterMs: now - 5000 }), trusted), 'ERR_IDENTITY_PEER_EXPIRED');
  const [leaf, first, second] = await under({});
  t.equal(judge([leaf, first], trusted), 'ERR_IDENTITY_PEER_UNTRUSTED', 'a gap in the chain');
  t.equal(judge([leaf, second], bundle([first])), A.id, 'a root of the bundle need not be self-signed');
});

test('one authority cannot be made to check signatures without end', async (t) => {
  const many = await Promise.all(Array.from({ length: 9 }, () => makeRoot('CN=same')));
  const leaf = await makeCertificate({ signer: await makeRoot('CN=same'), uris: [A.id] });
  t.equal(judge([leaf, ...many], bundle([await makeRoot('CN=same')])), 'ERR_IDENTITY_PEER_SELF_SIGNED');
  t.equal(judge([leaf, ...many, ...many], bundle([])), 'ERR_IDENTITY_PEER_MALFORMED');
});

test('a leaf that was proven before is judged anew once a certificate on its path expires', async (t) => {
  const root = await makeRoot();
  const leaf = await makeCertificate({ signer: root, uris: [A.id], notAfterMs: now + HOUR_MS / 2 });
  const verifier = createPeerVerifier(bundle([root]));
  for (const nowMs of [now, now + 1]) t.equal(verifier.verify([leaf.der], anybody, nowMs).id, A.id);
  t.throws(() => verifier.verify([leaf.der], { identities: new Set([B.id]) }, now), {
    code: 'ERR_IDENTITY_PEER_UNEXPECTED',
  });
  t.throws(() => verifier.verify([leaf.der], anybody, now + HOUR_MS), { code: 'ERR_IDENTITY_PEER_EXPIRED' });
  t.throws(() => verifier.verify([leaf.der], anybody, now - 2 * HOUR_MS), {
    code: 'ERR_IDENTITY_PEER_NOT_YET_VALID',
  });
});

for (const withIntermediate of [false, true]) {
  test(`revocation lists refuse what is revoked and what they do not cover (intermediate: ${withIntermediate})`, (t) =>
    withFolder(async (path) => {
      const authority = await openAuthority({
        trustDomain: 'cluster.local',
        directory: join(path, 'ca'),
        withIntermediate,
      });
      const issue = async (who: typeof A) => {
        const { csrPem } = await createSigningRequest(who);
        const issued = await authority.issue({ csrPem, identity: who });
        return { ...issued, chain: issued.chainPem.slice(0, -1).flatMap(parsePemCertificates) };
      };
      const code = (chain: readonly Buffer[], trusted: TrustBundle, nowMs = Date.now()): string => {
        try {
          return verifyPeer({ chain, bundle: trusted, expected: anybody, nowMs }).id;
        } catch (error) {
          return error instanceof IdentityError ? error.code : String(error);
        }
      };
      const bad = await issue(A);
      const good = await issue(B);
      const versions: string[] = [];
      const unsubscribe = authority.bundleChanges.subscribe((next) => versions.push(next.version));
      await authority.revoke(bad.serial.toLowerCase());
      t.equal(versions.length, 1);
      const trusted = authority.bundle();
      t.equal(trusted.crlsPem.length, withIntermediate ? 2 : 1);
      t.equal(code(bad.chain, trusted), 'ERR_IDENTITY_PEER_REVOKED');
      t.equal(code(good.chain, trusted), B.id);
      const [ofRoot = '', ofIntermediate = ''] = trusted.crlsPem;
      if (withIntermediate) {
        t.equal(
          code(good.chain, { ...trusted, crlsPem: [ofRoot] }),
          'ERR_IDENTITY_PEER_REVOCATION_UNKNOWN',
          'a leaf whose issuer has no list',
        );
        t.equal(
          code(good.chain, { ...trusted, crlsPem: [ofIntermediate] }),
          B.id,
          'a root whose key and lists are elsewhere, as that of an authority that was handed in',
        );
      }
      const other = await openAuthority({ trustDomain: 'cluster.local', directory: join(path, 'other') });
      await other.revoke('0a');
      const foreign = { ...trusted, crlsPem: other.bundle().crlsPem };
      t.equal(code(good.chain, foreign), 'ERR_IDENTITY_PEER_REVOCATION_UNKNOWN', 'a list by somebody else');
      t.equal(code(good.chain, trusted, Date.now() + 20 * 3_600_000), B.id);
      await authority.close();
      const again = await openAuthority({
        trustDomain: 'cluster.local',
        directory: join(path, 'ca'),
        withIntermediate,
      });
      t.equal(code(bad.chain, again.bundle()), 'ERR_IDENTITY_PEER_REVOKED', 'also after a restart');
      unsubscribe();
      await again.close();
      await other.close();
    }));
}
