import type { Clock, Closable, Timer } from '../../../base/index.ts';
import { type Apartness, limitProcess } from '../../../net/index.ts';
import { formatDurationMs } from '../../../proxy/index.ts';
import { WaypointError } from '../../errors.ts';
import { encodeFrame, type Frame, FrameDecoder, FrameError, NO_BYTES } from '../protocol/frame.ts';
import type { CallHead, LoadHead, LogHead, ReadyHead } from '../protocol/messages.ts';
import { type CallOutcome, createCallTable } from './call-table.ts';
import { type LaunchedProcess, launchProcess, type ProcessExit } from './launch.ts';
import { readLine, readReady, readTrouble } from './read-head.ts';

/** Which module, and how much its process may take. */
export interface FilterProcessOptions {
  readonly load: LoadHead;
  readonly memoryBytes: number;
  /** Of one answer. */
  readonly maximumBodyBytes: number;
  readonly clock: Clock;
  /** Ends a process that is being started. */
  readonly signal?: AbortSignal | undefined;
  onLog(line: LogHead): void;
}

/** A process that runs the module of a filter. `close` lets the calls end that it has. */
export interface FilterProcess extends Closable {
  readonly hooks: ReadyHead;
  readonly apart: Apartness;
  /** Resolves with what becomes of the call; never rejects. */
  call(head: CallHead, body: Uint8Array, timeLimitMs: number): Promise<CallOutcome>;
  /** Calls that it has. */
  readonly waiting: number;
  /** It holds calls that will not end, and should be replaced. */
  readonly isWorn: boolean;
  /** Resolves when it is gone; never rejects. */
  readonly ended: Promise<ProcessEnd>;
}

/** Why a process is no more. */
export interface ProcessEnd {
  /** `closed`: as asked. `stuck`: it did not answer. `rogue`: it sent what is no frame. */
  readonly reason: 'closed' | 'crashed' | 'memory' | 'stuck' | 'rogue';
  readonly message: string;
}

/**
 * Starts a process and has it load the module. Rejects with a WaypointError: ERR_WAYPOINT_FILTER_BROKEN when the module is to
 * blame, so that another attempt would come to the same, else ERR_WAYPOINT_FILTER_PROCESS.
 */
export async function startFilterProcess(options: FilterProcessOptions): Promise<FilterProcess> {
  const session = createSession(options, launch(options.memoryBytes));
  const onAbort = (): void => session.end('closed');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (options.signal?.aborted === true) onAbort();
    await session.loaded;
  } catch (error) {
    session.end('closed');
    await session.process.ended;
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  return session.process;
}

function launch(memoryBytes: number): LaunchedProcess {
  try {
    return launchProcess(memoryBytes);
  } catch (error) {
    throw processError('the process of a filter cannot be started', error);
  }
}

interface Session {
  readonly loaded: Promise<void>;
  readonly process: FilterProcess;
  end(reason: ProcessEnd['reason']): void;
}

function createSession(options: FilterProcessOptions, launched: LaunchedProcess): Session {
  const { clock, onLog } = options;
  const { socket } = launched;
  const decoder = new FrameDecoder(options.maximumBodyBytes + LARGEST_HEAD);
  const loaded = Promise.withResolvers<void>();
  let hooks: ReadyHead = { onRequest: false, onResponse: false };
  let reason: ProcessEnd['reason'] | undefined;
  let heardMs = clock.monotonic();
  /** When it was asked for a sign of life; until it gives one, it is not asked again. */
  let askedMs = heardMs;
  let watch: Timer | undefined;

  const calls = createCallTable(clock, (timeLimitMs) => expectLife(Math.max(timeLimitMs, SHORTEST_PONG_MS)));
  const start = clock.after(START_MS, () => {
    loaded.reject(brokenError(`expected the module to be loaded within ${formatDurationMs(START_MS)}`));
  });

  const ended = launched.exited.then((exit): ProcessEnd => {
    start.cancel();
    watch?.cancel();
    socket.destroy();
    calls.settleAll();
    const end = describeExit(reason, exit);
    loaded.reject(processError(end.message));
    return end;
  });

  function send(type: 'load' | 'call' | 'ping', id: number, head: unknown, body = NO_BYTES): void {
    socket.write(encodeFrame({ type, id, head, body }));
  }

  function end(why: ProcessEnd['reason']): void {
    reason ??= why;
    launched.kill();
  }

  /** Whoever runs a loop that does not end hears nothing, and says nothing. */
  function expectLife(withinMs: number): void {
    if (heardMs < askedMs) return;
    watch?.cancel();
    askedMs = clock.monotonic();
    send('ping', 0, undefined);
    watch = clock.after(withinMs, () => {
      if (heardMs < askedMs) end('stuck');
      else rest();
    });
  }

  function rest(): void {
    watch?.cancel();
    watch = clock.after(HEARTBEAT_MS, () => expectLife(HEARTBEAT_MS));
  }

  function receive(frame: Frame): void {
    const { type, id, head, body } = frame;
    switch (type) {
      case 'hello':
        limitProcess(launched.pid, { moreBytes: options.memoryBytes + RUNTIME_BYTES });
        send('load', 0, options.load);
        return;
      case 'ready':
        hooks = readReady(head);
        start.cancel();
        loaded.resolve();
        rest();
        return;
      case 'broken':
        loaded.reject(brokenError(readTrouble(head)));
        return;
      case 'began':
        if (!calls.began(id)) throw new FrameError(`began call ${id}, which it was not given`);
        return;
      case 'result':
        if (!calls.settle(id, { kind: 'result', head, body }))
          throw new FrameError(`result of no call (${id})`);
        return;
      case 'failed':
        if (!calls.settle(id, { kind: 'failed', message: readTrouble(head) }))
          throw new FrameError(`failure of no call (${id})`);
        return;
      case 'log':
        onLog(readLine(head));
        return;
      case 'pong':
        return;
      default:
        throw new FrameError(`${type} is not for it to say`);
    }
  }

  socket.on('data', (chunk: Buffer) => {
    heardMs = clock.monotonic();
    try {
      for (const frame of decoder.push(chunk)) receive(frame);
    } catch (error) {
      loaded.reject(processError('the process of a filter cannot be used', error));
      end('rogue');
    }
  });

  return {
    loaded: loaded.promise,
    end,
    process: {
      get hooks() {
        return hooks;
      },
      apart: launched.apart,
      ended,
      get waiting() {
        return calls.waiting;
      },
      get isWorn() {
        return calls.abandoned >= MOST_ABANDONED;
      },
      call(head, body, timeLimitMs) {
        const { id, outcome } = calls.add(timeLimitMs);
        if (reason === undefined) send('call', id, head, body);
        else calls.settle(id, { kind: 'not-begun' });
        return outcome;
      },
      async close() {
        await calls.idle();
        // It ends when it reads the end of its socket; one that does not is ended.
        reason ??= 'closed';
        socket.end();
        const timer = clock.after(CLOSE_MS, () => end('closed'));
        await ended;
        timer.cancel();
      },
      destroy: () => end('closed'),
    },
  };
}

function describeExit(
  reason: ProcessEnd['reason'] | undefined,
  { code, signal, stderr }: ProcessExit,
): ProcessEnd {
  if (reason !== undefined) return { reason, message: MESSAGES[reason] };
  // V8 ends the process itself when its heap is full, or when it cannot have more memory for anything.
  if (/heap|out of memory|OOM|allocation failed/i.test(stderr))
    return { reason: 'memory', message: MESSAGES.memory };
  const how = [
    signal ?? `exit code ${code ?? 'unknown'}`,
    ...(stderr === '' ? [] : [stderr.slice(-200)]),
  ].join(': ');
  return { reason: 'crashed', message: `${MESSAGES.crashed} (${how})` };
}

function brokenError(message: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_FILTER_BROKEN',
    blame: 'downstream',
    message,
    hint: 'docs/filters.md says what a filter may contain',
  });
}

function processError(message: string, cause?: unknown): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_FILTER_PROCESS',
    blame: 'local',
    message,
    retryable: true,
    cause,
  });
}

const MESSAGES: Readonly<Record<ProcessEnd['reason'], string>> = {
  closed: 'the process of the filter was closed',
  crashed: 'the process of the filter crashed',
  memory: 'the process of the filter needed more memory than it may have',
  stuck: 'the process of the filter did not answer, and was ended',
  rogue: 'the process of the filter sent what makes no sense, and was ended',
};

const START_MS = 10_000;
const CLOSE_MS = 2_000;
const HEARTBEAT_MS = 2_000;
const SHORTEST_PONG_MS = 200;
/** Each of them keeps what it refers to alive. */
const MOST_ABANDONED = 32;
const LARGEST_HEAD = 512 * 1024;
/** What Node itself takes once more while it loads and runs a small module. */
const RUNTIME_BYTES = 64 * 1024 * 1024;
