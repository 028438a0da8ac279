import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'tap';
import { readCertificate } from '../../src/identity/certificates/index.ts';
import {
  createPeerVerifier,
  createSigningRequest,
  createSvidStore,
  IdentityError,
  openAuthority,
  parseJwtBundle,
  parseSpiffeBundle,
  parseSpiffeUri,
  parseX509Bundle,
  parseX509Svid,
} from '../../src/identity/index.ts';
import { A, bundle, makeCertificate, makeRoot, withFolder } from '../identity/support/certificates.ts';

/** Bytes of something valid with a few of them changed, dropped or doubled: garbage that gets past first checks. */
function damaged(valid: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(valid.length - 1),
    byte: fc.nat(255),
    kind: fc.constantFrom('set', 'cut', 'drop', 'double'),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let bytes = Buffer.from(valid);
    for (const { at, byte, kind } of changes) {
      const index = Math.min(at, Math.max(0, bytes.length - 1));
      if (kind === 'set' && bytes.length > 0) bytes[index] = byte;
      if (kind === 'cut') bytes = bytes.subarray(0, index);
      if (kind === 'drop') bytes = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1)]);
      if (kind === 'double') bytes = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index - 1)]);
    }
    return Buffer.from(bytes);
  });
}

function pemOf(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}

/** What is thrown is ours, or nothing is. */
function onlyOurs(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
  }
}

test('whatever comes as a certificate request, it is issued for the identity or refused with one clear error', (t) =>
  withFolder(async (path) => {
    const authority = await openAuthority({ trustDomain: 'cluster.local', directory: join(path, 'ca') });
    const { csrPem } = await createSigningRequest(A);
    const garbage = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => pemOf('CERTIFICATE REQUEST', Buffer.from(bytes))),
      damaged(derOf(csrPem)).map((der) => pemOf('CERTIFICATE REQUEST', der)),
      damaged(Buffer.from(csrPem)).map(String),
    );
    let issued = 0;
    await fc.assert(
      fc.asyncProperty(garbage, async (csr) => {
        try {
          const { chainPem } = await authority.issue({ csrPem: csr, identity: A, ttlMs: 1000 });
          issued += 1;
          t.same(readCertificate(derOf(chainPem[0] ?? '')).uriSans, [A.id]);
        } catch (error) {
          if (!(error instanceof IdentityError) || error.code !== 'ERR_IDENTITY_CSR') throw error;
        }
      }),
      { numRuns: 2000 },
    );
    t.comment(`accepted: ${issued}`);
    await authority.close();
  }));

test('whatever a peer sends as its chain, it is refused with one of our codes', async (t) => {
  const root = await makeRoot();
  const middle = await makeRoot('CN=middle', { signer: root });
  const leaf = await makeCertificate({ signer: middle, uris: [A.id] });
  const verifier = createPeerVerifier(bundle([root]));
  const one = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    damaged(leaf.der),
    damaged(middle.der),
    fc.constantFrom(middle.der, root.der),
  );
  const chain = fc.array(one, { minLength: 0, maxLength: 4 });
  const nowMs = Date.now();
  fc.assert(
    fc.property(chain, (certificates) => {
      // A leaf whose signed bytes are whole again by chance of the damage is a leaf: only that may pass.
      if (certificates[0]?.equals(leaf.der)) return;
      try {
        verifier.verify(certificates, { trustDomain: 'cluster.local' }, nowMs);
        t.fail('accepted', { certificates });
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test('texts that are no bundles, SVIDs, identities or saved states are refused and never crash', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.string().map((inner) => `-----BEGIN CERTIFICATE-----${inner}-----END CERTIFICATE-----`),
    fc
      .record({ keys: fc.array(fc.object()), spiffe_sequence: fc.anything() })
      .map((value) => stringify(value)),
    fc
      .record({ version: fc.constant(1), svids: fc.array(fc.object()), bundle: fc.object() })
      .map((value) => stringify(value)),
  );
  const store = createSvidStore({ issue: async () => ({ chainPem: [] }) });
  fc.assert(
    fc.property(text, (input) => {
      onlyOurs(() => parseX509Bundle('example.org', input));
      onlyOurs(() => parseSpiffeBundle('example.org', input));
      onlyOurs(() => parseJwtBundle('example.org', input));
      onlyOurs(() => parseX509Svid(input, input));
      onlyOurs(() => parseSpiffeUri(input));
      onlyOurs(() => store.importState(input));
    }),
    { numRuns: 3000 },
  );
  await store.close();
});

function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? Number(inner) : inner));
}
