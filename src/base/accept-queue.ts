import type { Server } from 'node:net';

/** As many as the kernel queues by default (net.core.somaxconn): whoever connects without end does not hold a closing listener up. */
const MOST_TURNS = 4096;

/**
 * Closes a listener once it has accepted everybody who waits already. Closing at once would reset them, although their
 * handshake is over: libuv accepts one connection of a listener per turn of the event loop, so after a stall the queue
 * is as long as the stall. Resolves when the port is closed, not when the connections are; does nothing when it is.
 */
export async function closeWhenQueueIsEmpty(server: Server): Promise<void> {
  let accepted = 0;
  const count = (): void => {
    accepted += 1;
  };
  server.on('connection', count);
  // From one check phase to the next, all sockets are looked at once, whatever timers were late.
  await checkPhase();
  for (let turn = 0, before = -1; turn < MOST_TURNS && accepted !== before && server.listening; turn += 1) {
    before = accepted;
    await checkPhase();
  }
  server.off('connection', count);
  if (server.listening) server.close();
}

function checkPhase(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
