import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { clockDifference } from '../../model/index.ts';

/** Why handshakes with one server fail for the time of day, in words. */
export interface CertificateTimes {
  /** The error as it is, or, where a certificate is not valid now, one that says by how much the clocks differ. Never rejects. */
  explain(error: unknown, server: ServerAddress): Promise<unknown>;
}

/** Where a server was reached. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The server of a connected socket; undefined: it has none any more. */
export function serverOf({ remoteAddress, remotePort }: Socket): ServerAddress | undefined {
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : { host: remoteAddress, port: remotePort };
}

/**
 * OpenSSL says that a certificate is not valid now, and not which one nor when it is: so the server is asked for it once more, at
 * most once a minute. What it shows then is believed by nobody, it is only told.
 */
export function createCertificateTimes(): CertificateTimes {
  let seen: { readonly atMs: number; readonly certificate: X509Certificate | undefined } | undefined;
  return {
    async explain(error, server) {
      if (!isOfTime(error)) return error;
      if (seen === undefined || performance.now() - seen.atMs > LOOK_AGAIN_MS)
        seen = { atMs: performance.now(), certificate: await shownBy(server) };
      return new Error(`${error.message}; ${timesOf(seen.certificate, Date.now())}`, { cause: error });
    },
  };
}

function timesOf(certificate: X509Certificate | undefined, nowMs: number): string {
  const shows = `this machine's clock shows ${new Date(nowMs).toISOString()}`;
  if (certificate === undefined) return shows;
  const [fromMs, untilMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  const valid = `${shows}, the server's certificate is valid from ${new Date(fromMs).toISOString()} to ${new Date(untilMs).toISOString()}`;
  if (nowMs < fromMs)
    return `${valid}: the clock is at least ${clockDifference(nowMs - fromMs)} the server's`;
  // What has ended may also not have been renewed.
  if (nowMs > untilMs)
    return `${valid}: unless it was not renewed, the clock is at least ${clockDifference(nowMs - untilMs)} the server's`;
  return `${valid}; one that signed it, or a root, is not`;
}

function isOfTime(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && NOT_VALID_NOW.has(error.code);
}

/** Undefined where it shows none in time. */
function shownBy({ host, port }: ServerAddress): Promise<X509Certificate | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const finish = (certificate: X509Certificate | undefined): void => {
      socket.destroy();
      resolve(certificate);
    };
    socket.setTimeout(SHOWN_WITHIN_MS, () => finish(undefined));
    socket.once('secureConnect', () => finish(socket.getPeerX509Certificate()));
    socket.on('error', () => finish(undefined));
  });
}

/** OpenSSL's names for a certificate of the chain. */
const NOT_VALID_NOW: ReadonlySet<unknown> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
const LOOK_AGAIN_MS = 60_000;
const SHOWN_WITHIN_MS = 2_000;
