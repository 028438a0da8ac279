import {
  type Clock,
  type Closable,
  createBackoff,
  createLineBudget,
  describeError,
  type Logger,
  sleep,
} from '../../base/index.ts';
import { connectPacketSocket, type PacketSocket } from '../../net/index.ts';
import { MOST_PACKET_BYTES } from '../../wire/index.ts';
import { type AgentListener, followAgent } from './agent-session.ts';

const RETRY = { initialMs: 100, maximumMs: 15_000, jitter: 0.2 };
/** An agent that has gone wrong asks as quickly as it is answered. */
const REFUSALS_LOGGED = 100;
const LOG_PERIOD_MS = 10_000;

/** The connection with Istio's CNI agent, made again whenever it breaks. */
export interface AgentClient extends Closable {
  /** Idempotent. */
  start(): void;
}

/** `path`: the agent's socket. Closing ends the connection and makes no other. */
export function createAgentClient(deps: {
  readonly path: string;
  readonly listener: AgentListener;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}): AgentClient {
  const { path, listener, clock, log } = deps;
  const backoff = createBackoff(RETRY, deps.random);
  const mayLog = createLineBudget({
    lines: REFUSALS_LOGGED,
    periodMs: LOG_PERIOD_MS,
    clock,
    onPassedOver: (count) => log.warn('more requests of the agent not done, not logged', { count }),
  });
  const stopping = new AbortController();
  let socket: PacketSocket | undefined;
  let running: Promise<void> | undefined;
  let reached = true;

  async function once(): Promise<void> {
    let met = false;
    try {
      socket = connectPacketSocket({ path, mostBytes: MOST_PACKET_BYTES, clock });
      log.info('connected to the agent', { path });
      reached = true;
      met = true;
      listener.begin();
      await followAgent(socket, listener, log, mayLog);
      log.warn('the agent has gone; pods stay as they are', { path });
    } catch (error) {
      if (stopping.signal.aborted) return;
      const fields = { path, error: describeError(error) };
      // An agent that is away for an hour is one line, not hundreds.
      if (reached) log.warn('no connection to the agent; pods stay as they are', fields);
      else log.debug('no connection to the agent', fields);
      reached = false;
    } finally {
      socket?.destroy();
      socket = undefined;
      // It was a good one, and so may the next be.
      if (met && listener.isComplete) backoff.reset();
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await once();
      // Ends early when the client is closed, and then there is no next time.
      await sleep(clock, backoff.next(), stopping.signal).catch(() => undefined);
    }
  }

  function destroy(): void {
    stopping.abort(new Error('the client of the agent is closed'));
    socket?.destroy();
  }

  return {
    start() {
      running ??= run();
    },
    async close() {
      destroy();
      await running;
    },
    destroy,
  };
}
