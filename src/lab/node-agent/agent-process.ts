import { type ChildProcess, spawn } from 'node:child_process';
import type { Logger } from '../../base/index.ts';
import type { Zone } from '../dns/index.ts';
import type { AgentProbe, AgentReply, AgentRequest } from './protocol.ts';
import type { ProbeOutcome } from './probe.ts';

/** The supervisor's hold on one node's agent, which it restarts when it dies. */
export interface NodeAgent {
  /** Resolves when the agent serves for the first time. */
  readonly ready: Promise<void>;
  setZone(zone: Zone): void;
  /** Never rejects. */
  probe(probe: AgentProbe): Promise<ProbeOutcome>;
  close(): void;
}

const RESTART_MS = 200;

/** Starts it at once; whatever was asked of one that died is answered with a failure. */
export function startNodeAgent(options: {
  readonly node: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly log: Logger;
}): NodeAgent {
  const { log, node } = options;
  const waiting = new Map<number, (reply: AgentReply | undefined) => void>();
  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>();
  let zone: Zone = new Map();
  let nextId = 0;
  let open = true;
  let child: ChildProcess | undefined;

  const send = (request: AgentRequest): boolean => {
    if (child?.connected !== true) return false;
    child.send(request, (error) => {
      if (error !== null) log.debug('node agent did not take a message', { node, error: error.message });
    });
    return true;
  };
  const sendZone = (): boolean => send({ type: 'zone', entries: [...zone] });
  const start = (): void => {
    const [program = '', ...args] = options.command;
    const started = spawn(program, args, {
      env: { ...options.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child = started;
    started.on('message', (message) => {
      // The other end is our own code: agent.ts.
      const reply = message as AgentReply;
      if (reply.type === 'ready') becomeReady();
      else {
        waiting.get(reply.id)?.(reply);
        waiting.delete(reply.id);
      }
    });
    started.on('error', (error) => log.error('node agent not started', { node, error: error.message }));
    started.on('exit', (status, signal) => {
      for (const settle of waiting.values()) settle(undefined);
      waiting.clear();
      if (!open) return;
      log.warn('node agent ended', { node, status, signal });
      setTimeout(() => open && start(), RESTART_MS);
    });
    sendZone();
  };
  const ask = (request: (id: number) => AgentRequest, timeoutMs: number): Promise<AgentReply | undefined> =>
    new Promise((resolve) => {
      const id = nextId++;
      // The agent has its own, shorter limit; this one is for an agent that is stuck.
      const timer = setTimeout(() => settle(undefined), timeoutMs + 1_000);
      const settle = (reply: AgentReply | undefined): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(reply);
      };
      waiting.set(id, settle);
      if (!send(request(id))) settle(undefined);
    });

  start();
  return {
    ready,
    setZone(next) {
      zone = next;
      sendZone();
    },
    async probe(probe) {
      const reply = await ask((id) => ({ type: 'probe', id, probe }), probe.timeoutMs);
      return reply?.type === 'probe'
        ? { ok: reply.ok, message: reply.message }
        : { ok: false, message: 'the node agent is not running' };
    },
    close() {
      open = false;
      child?.kill('SIGKILL');
    },
  };
}
