import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import {
  IdentityError,
  parseJwtBundle,
  parseSpiffeBundle,
  parseX509Bundle,
  parseX509Svid,
} from '../../src/identity/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

const folder = conformancePath('spiffe', 'go-spiffe');
const read = (...parts: string[]): string => readFileSync([folder, ...parts].join('/'), 'utf8');
const list = (...parts: string[]): readonly string[] => readdirSync([folder, ...parts].join('/')).sort();

/** By file name: what must come of a bundle. A number is how many authorities there are. */
const BUNDLES: Readonly<Record<string, number | 'refused'>> = {
  'cert.pem': 1,
  'certs.pem': 2,
  'corrupted.pem': 'refused',
  'empty.pem': 0,
  'key.pem': 0,
  'not-pem.pem': 'refused',
  'jwks_missing_kid.json': 'refused',
  'jwks_valid_1.json': 1,
  'jwks_valid_2.json': 2,
  'spiffebundle_missing_kid.json': 'refused',
  'spiffebundle_multiple_x509.json': 'refused',
  'spiffebundle_no_keys.json': 'refused',
  'spiffebundle_valid_1.json': 2,
  'spiffebundle_valid_2.json': 7,
  'spiffebundle_valid_with_wit.json': 3,
};

test(
  'every SPIFFE bundle of the conformance data is read or refused as it must be',
  needsConformanceData(),
  async (t) => {
    const kinds = { x509bundle: parseX509Bundle, jwtbundle: parseJwtBundle, spiffebundle: parseSpiffeBundle };
    for (const [kind, parse] of Object.entries(kinds)) {
      for (const file of list('bundle', kind)) {
        const wanted = BUNDLES[file];
        const text = read('bundle', kind, file);
        if (wanted === 'refused') {
          t.throws(() => parse('example.org', text), IdentityError, file);
          continue;
        }
        const parsed = parse('example.org', text);
        t.equal(parsed.x509Authorities.length + parsed.jwtAuthorities.size, wanted, file);
        t.equal(parsed.trustDomain, 'example.org');
      }
    }
  },
);

test(
  'every X.509-SVID file of the conformance data is read or refused by its name',
  needsConformanceData(),
  async (t) => {
    const files = list('svid', 'x509svid');
    const keys = {
      rsa: read('svid', 'x509svid', 'key-pkcs8-rsa.pem'),
      ecdsa: read('svid', 'x509svid', 'key-pkcs8-ecdsa.pem'),
    };
    for (const file of files.filter((name) => name.startsWith('good-'))) {
      const text = read('svid', 'x509svid', file);
      const key = text.includes('PRIVATE KEY') ? text : file === 'good-leaf-only.pem' ? keys.rsa : keys.ecdsa;
      const svid = parseX509Svid(text, key);
      t.equal(svid.id.uri, 'spiffe://example.org/workload-1', file);
      const other = key === keys.rsa ? keys.ecdsa : keys.rsa;
      t.throws(
        () => parseX509Svid(text, other),
        { code: 'ERR_IDENTITY_PRIVATE_KEY' },
        `${file} with another key`,
      );
      t.throws(() => parseX509Svid(text, read('svid', 'x509svid', 'corrupt-key.pem')), {
        code: 'ERR_IDENTITY_PRIVATE_KEY',
      });
    }
    for (const file of files.filter((name) => /^(wrong|corrupt-cert|not-pem)/.test(name))) {
      const text = read('svid', 'x509svid', file);
      let refusal: unknown;
      try {
        parseX509Svid(text, keys.rsa);
      } catch (error) {
        refusal = error;
      }
      t.ok(
        refusal instanceof IdentityError,
        `${file}: ${refusal instanceof Error ? refusal.message : 'accepted'}`,
      );
      if (refusal instanceof IdentityError && file.startsWith('wrong'))
        t.equal(refusal.code, 'ERR_IDENTITY_SPIFFE_SVID', `${file}: ${refusal.message}`);
    }
  },
);
