import { test } from 'tap';
import {
  applyRedirection,
  countTrackedConnections,
  planRedirection,
  removeRedirection,
} from '../../../src/net/index.ts';
import { createTestPair, enterSandbox, SERVER_ADDRESSES } from '../../support/netns.ts';
import { ask, dial, PORT, startWorld, until } from '../echo-world.ts';

const ROUNDS = 3;

if (await enterSandbox(import.meta.filename)) {
  test('no new connection fails while capture comes and goes', async (t) => {
    const pair = createTestPair('load');
    const { namespace } = pair.server;
    const world = await startWorld(pair);
    const plan = planRedirection();
    const answers: string[] = [];
    const failures: unknown[] = [];
    const running = new Set<Promise<void>>();
    let count = 0;
    const request = async (): Promise<void> => {
      count += 1;
      try {
        const socket = await dial(
          pair.client,
          count % 2 === 0 ? SERVER_ADDRESSES.v4 : SERVER_ADDRESSES.v6,
          PORT,
        );
        answers.push(await ask(socket, 'x'));
        socket.end();
        socket.resume();
      } catch (error) {
        failures.push(error);
      }
    };
    const timer = setInterval(() => {
      const attempt = request().finally(() => running.delete(attempt));
      running.add(attempt);
    }, 5);

    for (let round = 0; round < ROUNDS; round++) {
      await applyRedirection(namespace, plan, 'routing');
      await applyRedirection(namespace, plan, 'nat');
      await new Promise((resolve) => setTimeout(resolve, 200));
      await removeRedirection(namespace, 'nat-inbound');
      await removeRedirection(namespace, 'nat-outbound');
      await until(async () => {
        const { redirected, marked } = await countTrackedConnections(namespace);
        return redirected + marked === 0;
      });
      await removeRedirection(namespace, 'routing');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    clearInterval(timer);
    await Promise.all(running);
    const captured = answers.filter((answer) => answer.startsWith('through the proxy')).length;
    t.comment(`${answers.length} answers, ${captured} of them captured`);
    t.same(failures, []);
    t.ok(captured > 0, 'some were captured');
    t.ok(captured < answers.length, 'and some were not');
    await world.close();
    pair.close();
  });
}
