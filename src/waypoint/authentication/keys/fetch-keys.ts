import { type KeySet, parseKeySet } from './key-set.ts';

/** What a `fetch` must be able to do; the global one is such a one. */
export type FetchDocument = (
  url: string,
  options: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>> },
) => Promise<FetchedDocument>;

/** An answer as `fetch` gives it. */
export interface FetchedDocument {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Keys as their server has them now. */
export interface FetchedKeys {
  readonly keys: KeySet;
  /** How long they may be kept, as their server says; undefined: it does not say. */
  readonly freshMs: number | undefined;
}

/** Throws an Error that says what was wrong. */
export async function fetchKeys(
  url: string,
  fetch: FetchDocument,
  signal: AbortSignal,
): Promise<FetchedKeys> {
  const { text, freshMs } = await fetchText(url, fetch, signal);
  const keys = parseKeySet(text);
  if (keys === undefined) throw new Error(`expected a JSON Web Key Set from ${url}, got something else`);
  if (keys.size === 0) throw new Error(`expected keys for signatures from ${url}, got none`);
  return { keys, freshMs };
}

/** Where an issuer says that its keys are (OpenID Connect Discovery §4). */
export async function discoverKeysUrl(
  issuer: string,
  fetch: FetchDocument,
  signal: AbortSignal,
): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { text } = await fetchText(url, fetch, signal);
  const { issuer: said, jwks_uri: keysUrl } = JSON.parse(text) as {
    readonly issuer?: unknown;
    readonly jwks_uri?: unknown;
  };
  // §4.3: a configuration of another issuer is none of this one's.
  if (said !== issuer)
    throw new Error(`expected the configuration of ${issuer} from ${url}, got that of ${String(said)}`);
  if (typeof keysUrl !== 'string' || !/^https?:\/\//.test(keysUrl))
    throw new Error(`expected the URL of keys as jwks_uri from ${url}, got ${String(keysUrl)}`);
  return keysUrl;
}

async function fetchText(url: string, fetch: FetchDocument, signal: AbortSignal) {
  const { status, headers, body } = await fetch(url, { signal, headers: { accept: 'application/json' } });
  if (status !== 200) {
    // Its connection may be used again once this has been read, and it is short.
    await readLimited(url, body);
    throw new Error(`expected 200 from ${url}, got ${status}`);
  }
  return { text: await readLimited(url, body), freshMs: freshMsOf(headers) };
}

async function readLimited(url: string, body: FetchedDocument['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    // Leaving the loop gives the rest up.
    if (bytes > LARGEST_DOCUMENT_BYTES)
      throw new Error(`expected at most ${LARGEST_DOCUMENT_BYTES} bytes from ${url}, got more`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}

/** RFC 9111 §5.2.2: `max-age`, unless it may not be kept at all; §5.1: less the time that it has been kept already. */
function freshMsOf(headers: FetchedDocument['headers']): number | undefined {
  const control = headers.get('cache-control') ?? '';
  if (/\bno-(cache|store)\b/i.test(control)) return 0;
  const [, seconds] = /\bmax-age="?(\d{1,9})/i.exec(control) ?? [];
  if (seconds === undefined) return undefined;
  const age = /^\d{1,9}$/.test(headers.get('age') ?? '') ? Number(headers.get('age')) : 0;
  return Math.max(0, Number(seconds) - age) * 1_000;
}

const LARGEST_DOCUMENT_BYTES = 256 * 1024;
