import { isIP } from 'node:net';
import { type Clock, type Closable, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { Authority, ServerCertificate } from '../../identity/index.ts';

export interface ServerCertificateOptions {
  readonly authority: Authority;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The controller's own certificate, renewed at half of its life and whenever the roots change. */
export interface RenewedCertificate extends Closable {
  readonly current: ServerCertificate;
  /** Set by whoever serves with it. */
  onRenewed(use: (certificate: ServerCertificate) => void): void;
}

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

  const plan = (delayMs: number): void => {
    timer?.cancel();
    if (!closed) timer = clock.after(delayMs, () => void renew());
  };
  const renew = async (): Promise<void> => {
    try {
      current = await authority.serverCertificate(names);
      if (closed) return;
      use?.(current);
      log.info('server certificate renewed', { notAfterMs: current.notAfterMs });
      plan((current.notAfterMs - clock.now()) / 2);
    } catch (error) {
      if (closed) return;
      log.error('server certificate not renewed', { error: describeError(error) });
      plan(RETRY_MS);
    }
  };
  const unsubscribe = authority.bundleChanges.subscribe(() => plan(0));
  plan((current.notAfterMs - clock.now()) / 2);
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
