import { type CryptoKey as JoseKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Somebody who signs tokens. */
export interface TestIssuer {
  readonly issuer: string;
  readonly jwk: JWK;
  /** Its public keys as JSON. */
  readonly jwks: string;
  /** `claims` and `header` on top of what a good token has; null takes something away. */
  sign(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  readonly privateKey: JoseKey;
}

export const NOW_SECONDS = 1_900_000_000;

export async function createIssuer(
  issuer = 'https://issuer.example',
  alg = 'ES256',
  kid: string | undefined = 'key-1',
): Promise<TestIssuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const exported = await exportJWK(publicKey);
  const jwk: JWK = kid === undefined ? exported : { ...exported, kid };
  return {
    issuer,
    jwk,
    jwks: JSON.stringify({ keys: [jwk] }),
    privateKey,
    sign(claims = {}, header = {}) {
      const payload = { iss: issuer, sub: 'alice', iat: NOW_SECONDS, exp: NOW_SECONDS + 600, ...claims };
      const present = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== null));
      return new SignJWT(present)
        .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }), ...header })
        .sign(privateKey);
    },
  };
}

/** Text of a token that says of itself what it likes. */
export function forge(header: unknown, payload: unknown, signature = ''): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}
