import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'shop';

/** Tokens that a waypoint takes, and those that it must not take. */
export interface Tokens {
  /** The JWKS of the issuer, as text. */
  readonly jwks: string;
  readonly good: Readonly<Record<string, string>>;
  readonly bad: Readonly<Record<string, string>>;
}

export async function makeTokens(): Promise<Tokens> {
  const [rsa, ec, foreign] = await Promise.all([
    generateKeyPair('RS256', { extractable: true }),
    generateKeyPair('ES256', { extractable: true }),
    generateKeyPair('RS256', { extractable: true }),
  ]);
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' },
  ];
  const now = Math.floor(Date.now() / 1000);
  const claims: JWTPayload = { iss: ISSUER, sub: 'shopper', aud: AUDIENCE, exp: now + 3600, role: 'user' };
  const sign = (payload: JWTPayload, key = rsa.privateKey, kid = 'rsa', alg = 'RS256'): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key);
  const plain = await sign(claims);
  const [header = '', payload = '', signature = ''] = plain.split('.');
  const admin = encode({ ...claims, role: 'admin' });
  const secret = await exportSPKI(rsa.publicKey);
  const hmacHead = encode({ alg: 'HS256', kid: 'rsa', typ: 'JWT' });
  const hmac = createHmac('sha256', secret).update(`${hmacHead}.${admin}`).digest('base64url');
  return {
    jwks: JSON.stringify({ keys }),
    good: {
      'signed with RSA': plain,
      'signed with an elliptic curve': await sign(claims, ec.privateKey, 'ec', 'ES256'),
      'for several audiences': await sign({ ...claims, aud: ['other', AUDIENCE] }),
    },
    bad: {
      'signed with another key': await sign(claims, foreign.privateKey),
      'signed with another key under no name': await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256' })
        .sign(foreign.privateKey),
      'of another issuer': await sign({ ...claims, iss: 'https://other.example' }),
      'of no issuer': await sign({ sub: 'shopper', aud: AUDIENCE, exp: now + 3600 }),
      'for another audience': await sign({ ...claims, aud: 'bank' }),
      'for no audience': await sign({ iss: ISSUER, sub: 'shopper', exp: now + 3600 }),
      expired: await sign({ ...claims, exp: now - 3600 }),
      'not valid yet': await sign({ ...claims, nbf: now + 3600 }),
      'unsigned (alg none)': `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      'unsigned (alg None)': `${encode({ alg: 'None', typ: 'JWT' })}.${payload}.`,
      'of alg none with a signature': `${encode({ alg: 'none' })}.${payload}.${signature}`,
      'with its signature cut off': `${header}.${payload}.`,
      'with another payload under the signature': `${header}.${admin}.${signature}`,
      'signed by HMAC with the public key': `${hmacHead}.${admin}.${hmac}`,
      'that brings its own key': `${encode({ alg: 'RS256', jwk: keys[0] })}.${admin}.${signature}`,
      'that must be understood and is not': `${encode({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 })}.${payload}.${signature}`,
      'of two parts': `${header}.${payload}`,
      'of no parts': 'token',
      'of nothing': '',
      'of bytes that are no Base64': `${header}.***.${signature}`,
      'that is very long': `${header}.${'a'.repeat(6000)}.${signature}`,
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
