import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'tap';
import type { IpAddress } from '../../../src/model/index.ts';
import { applyRedirection, connectTcp, openListener, planRedirection } from '../../../src/net/index.ts';
import { createTestNamespace, enterSandbox } from '../../support/netns.ts';

const CONNECTIONS = 50;

if (await enterSandbox(import.meta.filename)) {
  test('connections that nobody has accepted move to the next generation', async (t) => {
    const pod = createTestNamespace('hand-over');
    // It sets what the hand-over needs in the namespace.
    await applyRedirection(pod.namespace, planRedirection(), 'routing');
    const options = { address: '::', port: 15001, reusePort: true, transparent: true };
    const older = openListener(pod.namespace, options);
    const dial = () =>
      connectTcp({
        namespace: pod.namespace,
        address: '127.0.0.1' as IpAddress,
        port: 15001,
        timeoutMs: 5000,
      });
    const waiting = await Promise.all(Array.from({ length: CONNECTIONS }, dial));
    const newer = openListener(pod.namespace, options);
    const both = await Promise.all(Array.from({ length: CONNECTIONS }, dial));
    // The older generation goes without having accepted one of them.
    closeSync(older);

    const server = createServer((socket) => socket.end('served'));
    server.listen({ fd: newer });
    await once(server, 'listening');
    const endings = [...waiting, ...both].map(async (socket) => {
      const [answer] = await once(socket, 'data');
      socket.end();
      return String(answer);
    });
    const outcomes = await Promise.allSettled(endings);
    const served = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value === 'served');
    t.equal(served.length, 2 * CONNECTIONS);
    server.close();
    await once(server, 'close');
    pod.close();
  });
}
