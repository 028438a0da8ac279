import { readFileSync } from 'node:fs';
import { compactVerify } from 'jose';
import { test } from 'tap';
import { isSignatureAlgorithm, parseKeySet } from '../../src/waypoint/authentication/keys/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

interface Vector {
  readonly input: { readonly key: Readonly<Record<string, unknown>>; readonly alg: string };
  readonly output: { readonly compact: string };
}

const read = (...parts: string[]) =>
  JSON.parse(readFileSync(conformancePath('jose-cookbook', ...parts), 'utf8')) as Vector;

for (const file of [
  'jws/4_1.rsa_v15_signature',
  'jws/4_2.rsa-pss_signature',
  'jws/4_3.ecdsa_signature',
  'curve25519/jws',
]) {
  test(
    `the signature of ${file} is good by its key, and by no other text`,
    needsConformanceData(),
    async (t) => {
      const { input, output } = read(`${file}.json`);
      const keys = parseKeySet(JSON.stringify({ keys: [input.key] }));
      t.ok(isSignatureAlgorithm(input.alg));
      const kid = typeof input.key.kid === 'string' ? input.key.kid : undefined;
      const candidates = keys?.candidates({ alg: input.alg, kid }) ?? [];
      t.equal(candidates.length, 1);
      for (const candidate of candidates) {
        const key = await candidate.import(input.alg);
        await compactVerify(output.compact, key, { algorithms: [input.alg] });
        const [header = '', payload = '', signature = ''] = output.compact.split('.');
        const altered = `${header}.${payload.replace(/.$/, 'A')}A.${signature}`;
        await t.rejects(compactVerify(altered, key, { algorithms: [input.alg] }), {
          code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
        });
      }
    },
  );
}

test(
  'a symmetric key checks nothing, since whoever checks with it could sign',
  needsConformanceData(),
  async (t) => {
    const { input } = read('jws/4_4.hmac-sha2_integrity_protection.json');
    t.notOk(isSignatureAlgorithm(input.alg));
    t.equal(parseKeySet(JSON.stringify({ keys: [input.key] }))?.size, 0);
  },
);

test(
  'public keys are keys, and so are private ones, of which only the public part is used',
  needsConformanceData(),
  async (t) => {
    for (const [name, alg] of [
      ['3_1.ec_public_key', 'ES512'],
      ['3_2.ec_private_key', 'ES512'],
      ['3_3.rsa_public_key', 'RS256'],
      ['3_4.rsa_private_key', 'PS256'],
    ] as const) {
      const jwk: unknown = JSON.parse(
        readFileSync(conformancePath('jose-cookbook', 'jwk', `${name}.json`), 'utf8'),
      );
      const [candidate] =
        parseKeySet(JSON.stringify({ keys: [jwk] }))?.candidates({ alg, kid: undefined }) ?? [];
      t.match(await candidate?.import(alg), { type: 'public' }, name);
    }
  },
);
