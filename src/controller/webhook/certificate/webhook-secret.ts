import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createStandaloneCertificate } from '../../../identity/index.ts';
import type { WebhookKeyPair } from '../serve/index.ts';

/** What the replicas of a controller share about the webhook's certificate. */
export interface WebhookSecret {
  readonly serving: DatedKeyPair;
  /** Trusted already by whoever trusts the bundle, and served next. */
  readonly next: DatedKeyPair | undefined;
  /** What the API server is to trust: the authorities of both, PEM. */
  readonly bundlePem: string;
}

/** A certificate with its key, and when it holds. */
export interface DatedKeyPair extends WebhookKeyPair {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A first certificate, or one in the place of one that is no good. */
export async function createWebhookSecret(name: string, nowMs: number): Promise<WebhookSecret> {
  const { authorityPem, ...pair } = await make(name, nowMs);
  return { serving: dated(pair), next: undefined, bundlePem: authorityPem };
}

/**
 * The step that is due: at half of a certificate's life the next one is made, and its authority trusted beside the other's; a
 * quarter of an hour later, when every API server has heard of it, it is served. Undefined: nothing is due.
 */
export async function rotateWebhookSecret(
  secret: WebhookSecret,
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
): Promise<WebhookSecret | undefined> {
  const { serving, next, bundlePem } = secret;
  // Too late for an overlap.
  if (nowMs >= serving.notAfterMs) return createWebhookSecret(name, nowMs);
  if (next !== undefined)
    return nowMs < next.notBeforeMs + OVERLAP_MS ? undefined : { serving: next, next: undefined, bundlePem };
  if (nowMs < (serving.notBeforeMs + serving.notAfterMs) / 2) return undefined;
  const { authorityPem, ...pair } = await make(name, nowMs);
  // The last one made is the first of the bundle.
  const [current = ''] = bundlePem.split(/(?<=-----END CERTIFICATE-----\n)/);
  return { serving, next: dated(pair), bundlePem: `${authorityPem}${current}` };
}

/** `data` of the Secret, base64. */
export function writeWebhookSecret({
  serving,
  next,
  bundlePem,
}: WebhookSecret): Readonly<Record<string, string>> {
  const texts = {
    [KEYS.certificate]: serving.certificatePem,
    [KEYS.key]: serving.privateKeyPem,
    [KEYS.bundle]: bundlePem,
    ...(next === undefined
      ? {}
      : { [KEYS.nextCertificate]: next.certificatePem, [KEYS.nextKey]: next.privateKeyPem }),
  };
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

/** Undefined for what is no certificate with its key for `name`, whoever wrote it. */
export function readWebhookSecret(data: unknown, name: string): WebhookSecret | undefined {
  const fields = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
  const text = (key: string): string => {
    const value = fields[key];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  };
  try {
    const pair = (certificate: string, key: string): DatedKeyPair => {
      const read = dated({ certificatePem: text(certificate), privateKeyPem: text(key) });
      checkName(read, name);
      return read;
    };
    const bundlePem = text(KEYS.bundle);
    const serving = pair(KEYS.certificate, KEYS.key);
    const authorities = bundlePem
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .map((one) => new X509Certificate(one));
    const leaf = new X509Certificate(serving.certificatePem);
    if (!authorities.some((authority) => leaf.verify(authority.publicKey))) return undefined;
    const next = fields[KEYS.nextKey] === undefined ? undefined : pair(KEYS.nextCertificate, KEYS.nextKey);
    return { serving, next, bundlePem };
  } catch {
    // Whatever is wrong with it, another is made.
    return undefined;
  }
}

function make(name: string, nowMs: number) {
  return createStandaloneCertificate({ name: 'nodemesh webhook', dnsNames: [name], nowMs, ttlMs: TTL_MS });
}

function dated(pair: WebhookKeyPair): DatedKeyPair {
  const leaf = new X509Certificate(pair.certificatePem);
  if (!leaf.checkPrivateKey(createPrivateKey(pair.privateKeyPem)))
    throw new TypeError('expected the key of the certificate, got another');
  return { ...pair, notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
}

function checkName({ certificatePem }: WebhookKeyPair, name: string): void {
  if (new X509Certificate(certificatePem).checkHost(name) === undefined)
    throw new TypeError(`expected a certificate for ${name}, got another`);
}

const KEYS = {
  certificate: 'tls.crt',
  key: 'tls.key',
  bundle: 'ca.crt',
  nextCertificate: 'next-tls.crt',
  nextKey: 'next-tls.key',
} as const;
const TTL_MS = 90 * 86_400_000;
/** Certificates are backdated by five minutes. */
const OVERLAP_MS = 20 * 60_000;
