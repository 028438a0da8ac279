import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { ServerCertificate } from '../../../src/wire/index.ts';

/** A throw-away CA for tests of the transport. */
export interface TestAuthority {
  readonly rootPem: string;
  serverCertificate(...dnsNames: string[]): Promise<ServerCertificate>;
  /** Valid from and until so many milliseconds from now. */
  serverCertificateValid(dnsName: string, fromMs: number, untilMs: number): Promise<ServerCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export async function createTestAuthority(): Promise<TestAuthority> {
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test root',
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const self: TestAuthority = {
    rootPem: root.toString('pem'),
    serverCertificate: (...dnsNames) => issue(dnsNames, -DAY_MS, DAY_MS),
    serverCertificateValid: (dnsName, fromMs, untilMs) => issue([dnsName], fromMs, untilMs),
  };
  return self;

  async function issue(
    dnsNames: readonly string[],
    fromMs: number,
    untilMs: number,
  ): Promise<ServerCertificate> {
    const leafKeys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
    const leaf = await x509.X509CertificateGenerator.create({
      subject: '',
      issuer: root.subject,
      notBefore: new Date(Date.now() + fromMs),
      notAfter: new Date(Date.now() + untilMs),
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    });
    const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey));
    const body = der.toString('base64').replace(/(.{64})/g, '$1\n');
    return {
      certificatePem: leaf.toString('pem'),
      privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
    };
  }
}
