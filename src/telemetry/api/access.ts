import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiRefusal } from './problem.ts';

/** Who may read. */
export interface Access {
  /** Throws ApiRefusal when the request may not be answered. */
  check(request: IncomingMessage): void;
  /** Throws ApiRefusal when a page of another origin asks. Browsers let those read WebSockets, unlike other answers. */
  checkOrigin(request: IncomingMessage): void;
  /** The cookie for a browser that came with the token in its address. Throws ApiRefusal when it is not the token. */
  cookieFor(given: string, request: IncomingMessage): string;
  readonly hasToken: boolean;
}

/** Without a token, whoever reaches the address may read, as long as the browser did not come by another name for it. */
export function createAccess(token: string | undefined): Access {
  const session = token === undefined ? '' : createHmac('sha256', token).update(SESSION).digest('base64url');
  const isToken = (given: string): boolean => token !== undefined && isSame(given, token);

  return {
    hasToken: token !== undefined,
    check(request) {
      if (token === undefined) {
        // A name that leads here by somebody else's DNS would make this page's origin theirs.
        if (!isLoopbackHost(request.headers.host)) throw wrongHost(request.headers.host);
        return;
      }
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const [, given] = /^Bearer +([^\s]+)$/i.exec(authorization) ?? [];
        if (given === undefined || !isToken(given))
          throw unauthorized('the bearer token is not the right one');
        return;
      }
      const cookie = cookieOf(request);
      if (cookie === undefined) throw unauthorized('a token is needed, got none');
      if (!isSame(cookie, session)) throw unauthorized('the cookie is of another token');
    },
    checkOrigin({ headers: { origin, host } }) {
      if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return;
      throw new ApiRefusal({
        status: 403,
        code: 'ERR_TELEMETRY_API_ORIGIN',
        message: `expected a page of this origin, got one of ${origin.slice(0, 200)}`,
        hint: 'open the dashboard by its own address',
      });
    },
    cookieFor(given, request) {
      if (!isToken(given)) throw unauthorized('the token in the address is not the right one');
      return `${cookieName(request)}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${COOKIE_SECONDS}`;
    },
  };
}

/** True for what only this machine (or pod) reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function isLoopbackHost(host: string | undefined): boolean {
  const [, name = '', v6 = ''] = /^(?:([^:[\]]+)|\[([^\]]+)\])(?::\d+)?$/.exec(host ?? '') ?? [];
  return isLoopback(name.toLowerCase() || v6);
}

/** In a time that does not tell how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function cookieOf(request: IncomingMessage): string | undefined {
  const prefix = `${cookieName(request)}=`;
  const found = (request.headers.cookie ?? '').split(/; */).find((cookie) => cookie.startsWith(prefix));
  return found?.slice(prefix.length);
}

/** Cookies know no ports, and one machine has several dashboards. */
function cookieName({ headers: { host = '' } }: IncomingMessage): string {
  const [, port = '80'] = /:(\d+)$/.exec(host) ?? [];
  return `nodemesh-${port}`;
}

function unauthorized(message: string): ApiRefusal {
  return new ApiRefusal({
    status: 401,
    code: 'ERR_TELEMETRY_API_TOKEN',
    message,
    hint: 'send "authorization: Bearer <token>" with the token of --dashboard-token-file, or open /?token=<token> in a browser',
    headers: { 'www-authenticate': 'Bearer realm="nodemesh"' },
  });
}

function wrongHost(host: string | undefined): ApiRefusal {
  return new ApiRefusal({
    status: 403,
    code: 'ERR_TELEMETRY_API_HOST',
    message: `without a token expected a host of localhost, 127.0.0.1 or [::1], got ${(host ?? 'none').slice(0, 200)}`,
    hint: 'use one of these, or start with --dashboard-token-file',
  });
}

const SESSION = 'nodemesh dashboard session';
const COOKIE_SECONDS = 43_200;
