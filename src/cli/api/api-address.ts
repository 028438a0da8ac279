import { CliError } from '../errors.ts';
import type { Duplex } from 'node:stream';

/** Where an API is, and what opens it. */
export interface ApiAddress {
  /** As `http://127.0.0.1:15022`; a path before `/api` is kept. */
  readonly url: URL;
  /** Sent as a bearer token; undefined on loopback. */
  readonly token: string | undefined;
  /** How it is reached where not by its URL, which then only names it. */
  readonly dial?: Dial | undefined;
}

/** Values that are undefined are left out. */
export type ApiQuery = Readonly<Record<string, string | number | undefined>>;

/** The URL of one path below an API's own. */
export function endpointOf(base: URL, path: string, query: ApiQuery = {}): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}${path}`;
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** Of a request's head: who asks. */
export function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** ERR_CLI_API_UNREACHABLE, with what to look at first. */
export function unreachable(url: URL, cause: unknown): CliError {
  return new CliError({
    code: 'ERR_CLI_API_UNREACHABLE',
    blame: 'upstream',
    message: `no answer from ${url.origin}${url.pathname}`,
    hint: 'of a lab, nodemesh check says what does not run and nodemesh lab status where the dashboards are; --address names any other (a node has its own on port 15022, the controller on 8080)',
    retryable: true,
    cause,
  });
}

/** A connection that is made by other means than the URL's own host. Rejects with MeshError. */
export type Dial = (signal?: AbortSignal) => Promise<Duplex>;
