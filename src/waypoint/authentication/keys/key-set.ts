import { importJWK, type CryptoKey as JoseKey, type JWK } from 'jose';

/** The keys of one issuer. */
export interface KeySet {
  /** Those that may have signed a token with this header; keys without a `kid` may have signed any. */
  candidates(header: { readonly alg: string; readonly kid: string | undefined }): readonly SigningKey[];
  readonly size: number;
}

/** A key that signatures are checked with. */
export interface SigningKey {
  /** Rejects for key material that cannot be used with the algorithm. */
  import(alg: string): Promise<JoseKey>;
}

/**
 * The keys of a JSON Web Key Set that can check signatures (RFC 7517 §5): what is of a kind or for a use that is not known
 * is passed over. Symmetric keys are: whoever can check with one can sign with it. Undefined for what is no key set.
 */
export function parseKeySet(text: string): KeySet | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The caller says so, with where it came from.
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys))
    return undefined;
  const keys = value.keys.filter(isSigningJwk).slice(0, MOST_KEYS).map(keyOf);
  return {
    size: keys.length,
    candidates: ({ alg, kid }) =>
      keys
        .filter(
          ({ jwk }) =>
            fitsAlgorithm(jwk, alg) && (kid === undefined || jwk.kid === undefined || jwk.kid === kid),
        )
        .map(({ key }) => key),
  };
}

/** Signatures that are made with a private key and checked with a public one; `none` and HMAC are not among them. */
export function isSignatureAlgorithm(alg: unknown): alg is string {
  return typeof alg === 'string' && Object.hasOwn(KEY_KINDS, alg);
}

interface KnownKey {
  readonly jwk: JWK;
  readonly key: SigningKey;
}

function keyOf(jwk: JWK): KnownKey {
  const imported = new Map<string, Promise<JoseKey>>();
  return {
    jwk,
    key: {
      import(alg) {
        let key = imported.get(alg);
        if (key === undefined) {
          // Only public members: a private key in a public place must not be used as one.
          const { kty, crv, x, y, n, e } = jwk;
          key = importJWK({ kty, crv, x, y, n, e } as JWK, alg) as Promise<JoseKey>;
          imported.set(alg, key);
        }
        return key;
      },
    },
  };
}

function isSigningJwk(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, use, key_ops: operations, kid } = value as JWK;
  return (
    (kty === 'RSA' || kty === 'EC' || kty === 'OKP') &&
    (use === undefined || use === 'sig') &&
    (kid === undefined || typeof kid === 'string') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))
  );
}

/** RFC 7518 §3.1, RFC 8037 §3.1: an algorithm goes with one kind of key, and a key may be for one algorithm alone. */
function fitsAlgorithm(jwk: JWK, alg: string): boolean {
  const kind = KEY_KINDS[alg];
  if (kind === undefined || jwk.kty !== kind.kty) return false;
  return (kind.crv === undefined || jwk.crv === kind.crv) && (jwk.alg === undefined || jwk.alg === alg);
}

const KEY_KINDS: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
};
/** Each may have to be tried for a token without a `kid`. */
const MOST_KEYS = 64;
