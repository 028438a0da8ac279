import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Test, test } from 'tap';
import { type Clock, silentLogger, systemClock } from '../../../src/base/index.ts';
import type { PacketSocket } from '../../../src/net/index.ts';
import { createAgentClient } from '../../../src/ztunnel/agent/agent-client.ts';
import { type AgentListener, followAgent } from '../../../src/ztunnel/agent/agent-session.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const nobody: AgentListener = {
  begin: () => undefined,
  isComplete: true,
  add: async () => undefined,
  keep: () => undefined,
  del: () => undefined,
  snapshotSent: () => undefined,
  missed: () => undefined,
};

interface Agent {
  readonly path: string;
  /** Resolves when it has said that. */
  said(what: string): Promise<void>;
}

async function startAgent(t: Test, ...manner: readonly string[]): Promise<Agent> {
  const path = join(temporaryFolder('agent-floods'), 'zds.sock');
  const program = join(import.meta.dirname, 'programs/flooding_agent.py');
  const child = spawn('python3', [program, path, ...manner], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (what: string): Promise<void> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the agent has not said ${what}`);
      if (value === what) return;
    }
  };
  await said('listening');
  return { path, said };
}

function startClient(t: Test, path: string, clock: Clock, lines: string[] = []): void {
  const log = { ...silentLogger, warn: (message: string) => lines.push(message) };
  const client = createAgentClient({ path, listener: nobody, clock, log, random: () => 0.5 });
  client.start();
  t.teardown(() => client.close());
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

test('an agent that sends garbage with hundreds of descriptors leaves none of them here, and does not fill the log', async (t) => {
  const agent = await startAgent(t, 'garbage', '20000');
  const before = descriptors();
  const lines: string[] = [];
  startClient(t, agent.path, systemClock, lines);
  await agent.said('flooded');
  await agent.said('cut');
  t.ok(descriptors() <= before + 3, `${descriptors()} descriptors, ${before} before`);
  const refusals = lines.filter((line) => line === 'request of the agent not done').length;
  const periods = lines.filter((line) => line.startsWith('more requests')).length + 1;
  t.ok(refusals >= 100, 'it is said');
  t.ok(refusals <= 100 * periods, `${refusals} lines of 20,000`);
});

test('one that reads no answer is cut when its time is over', async (t) => {
  const agent = await startAgent(t, 'deaf', '1000000');
  const clock = createFakeClock();
  startClient(t, agent.path, clock);
  await agent.said('connected');
  let cut = false;
  const ended = agent.said('cut').then(() => {
    cut = true;
  });
  while (!cut) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await ended;
  t.ok(cut);
});

test('requests that are always there already keep nothing else from its turn', async (t) => {
  let left = 10_000;
  let turns = 0;
  const socket: PacketSocket = {
    receive: async () => (left-- > 0 ? { bytes: Buffer.from([0xff]), descriptors: [] } : undefined),
    send: async () => undefined,
    close: async () => undefined,
    destroy: () => undefined,
  };
  const turn = (): void => {
    turns += 1;
    if (left > 0) setImmediate(turn);
  };
  setImmediate(turn);
  await followAgent(socket, nobody, silentLogger, () => true);
  t.ok(turns > 5_000, `${turns} turns`);
});
