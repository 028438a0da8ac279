import type { Http2Session } from 'node:http2';
import type { Clock, Timer } from '../../../../src/base/index.ts';
import type { TunnelConfig } from '../../../../src/tunnel-protocol/config.ts';
import { TunnelError } from '../../../../src/tunnel-protocol/errors.ts';

/** PINGs the peer every interval; one without an answer in time destroys the session. */
export function startKeepAlive(session: Http2Session, config: TunnelConfig, clock: Clock): Timer {
  let timer: Timer;
  const arm = (): void => {
    timer = clock.after(config.keepAliveIntervalMs, () => {
      if (session.destroyed) return;
      session.ping((error) => {
        timer.cancel();
        if (error === null && !session.destroyed) arm();
      });
      timer = clock.after(config.keepAliveTimeoutMs, () => {
        session.destroy(
          new TunnelError({
            code: 'ERR_TUNNEL_KEEP_ALIVE',
            blame: 'upstream',
            message: `no answer to a keep-alive PING within ${config.keepAliveTimeoutMs} ms`,
          }),
        );
      });
    });
  };
  arm();
  return { cancel: () => timer.cancel() };
}
