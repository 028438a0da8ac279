import { isIP } from 'node:net';
import {
  atTime,
  type Clock,
  type Closable,
  describeError,
  type Logger,
  type Timer,
} from '../../base/index.ts';
import type { Authority, ServerCertificate } from '../../identity/index.ts';

/** Who signs, and under which names the controller is reached. */
export interface ServerCertificateOptions {
  readonly authority: Pick<Authority, 'serverCertificate' | 'bundleChanges'>;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The controller's own certificate, renewed at half of its life, whenever the roots change, and where the clock is set back. */
export interface RenewedCertificate extends Closable {
  readonly current: ServerCertificate;
  /** Set by whoever serves with it. */
  onRenewed(use: (certificate: ServerCertificate) => void): void;
}

/** Rejects where no first certificate is to be had; later the last one stays, and another is tried for. */
export async function openServerCertificate(options: ServerCertificateOptions): Promise<RenewedCertificate> {
  const { authority, clock, log } = options;
  const names = {
    dnsNames: options.names.filter((name) => isIP(name) === 0),
    ipAddresses: options.names.filter((name) => isIP(name) !== 0),
  };
  let current = await authority.serverCertificate(names);
  let use: ((certificate: ServerCertificate) => void) | undefined;
  let timer: Timer | undefined;
  let closed = false;

  const plan = (timeMs: number, earliestMs?: number): void => {
    timer?.cancel();
    if (!closed) timer = atTime(clock, timeMs, () => void renew(), earliestMs);
  };
  const planNext = (): void => {
    const nowMs = clock.now();
    plan((nowMs + current.notAfterMs) / 2, nowMs - MOST_SET_BACK_MS);
  };
  const renew = async (): Promise<void> => {
    try {
      current = await authority.serverCertificate(names);
      if (closed) return;
      use?.(current);
      log.info('server certificate renewed', { notAfterMs: current.notAfterMs });
      planNext();
    } catch (error) {
      if (closed) return;
      log.error('server certificate not renewed', { error: describeError(error) });
      plan(clock.now() + RETRY_MS);
    }
  };
  const unsubscribe = authority.bundleChanges.subscribe(() => plan(clock.now()));
  planNext();
  const stop = (): void => {
    closed = true;
    timer?.cancel();
    unsubscribe();
  };

  return {
    get current() {
      return current;
    },
    onRenewed(next) {
      use = next;
    },
    close: async () => stop(),
    destroy: stop,
  };
}

const RETRY_MS = 10_000;
/** By as much a clock may go back without harm: certificates are dated back further than that. */
const MOST_SET_BACK_MS = 60_000;
