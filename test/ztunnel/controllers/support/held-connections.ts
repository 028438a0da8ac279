import { once } from 'node:events';
import type { Socket } from 'node:net';
import { dialFrom } from '../../support/programs.ts';
import type { TestPod } from '../../support/topology.ts';

/** Connections to a server that echoes, each of which is asked again and again. */
export interface HeldConnections {
  /** Asks once more, ends them, and tells what went wrong. */
  stop(): Promise<readonly string[]>;
}

export async function holdConnections(
  from: TestPod,
  target: { readonly address: string; readonly port: number },
  count = 5,
): Promise<HeldConnections> {
  const sockets = await Promise.all(
    Array.from({ length: count }, () => dialFrom(from, target.address, target.port)),
  );
  let stopping = false;
  const talks = sockets.map((socket, index) => talk(socket, `held ${index}`, () => stopping));
  return {
    async stop() {
      stopping = true;
      return (await Promise.all(talks)).filter((failure): failure is string => failure !== undefined);
    },
  };
}

/** What went wrong; undefined: nothing until it was to end. */
async function talk(socket: Socket, name: string, isLast: () => boolean): Promise<string | undefined> {
  try {
    socket.setEncoding('latin1');
    for (let round = 0, last = false; !last; round++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      last = isLast();
      const question = `${name} round ${round}`;
      socket.write(question);
      const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(ANSWER_MS) })) as [string];
      if (answer !== question) return `${question}: got ${JSON.stringify(answer)}`;
    }
    return undefined;
  } catch (error) {
    return `${name}: ${String(error)}`;
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

const PAUSE_MS = 200;
const ANSWER_MS = 10_000;
