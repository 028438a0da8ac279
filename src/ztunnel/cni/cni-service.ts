import { chmod, mkdir, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Closable, createLineBudget, describeError, errnoOf } from '../../base/index.ts';
import { ZtunnelError } from '../errors.ts';
import { fromUnknown } from '../from-unknown.ts';
import { answerCall, type CallDeps } from './answer-call.ts';
import {
  cutShort,
  CNI_CODES,
  type CniCommand,
  type CniResult,
  cniFailure,
  formatFailure,
} from './cni-error.ts';
import { type CniCall, parseCall } from './parse-call.ts';
import { encodeAnswer, readCall, type ReadRoom } from './wire.ts';

/** Answers the node's CNI plugin on a unix socket. */
export interface CniService extends Closable {
  /**
   * Takes the socket. Where an elder process of this node answers on it, that goes on until `isReady` resolves: it would
   * be worse to take calls and not be able to answer them. Rejects with ERR_ZTUNNEL_CNI_SOCKET.
   */
  start(isReady: Promise<unknown>): Promise<void>;
}

/** Where the plugin calls, and what it is answered by. */
export interface CniServiceDeps extends CallDeps {
  readonly path: string;
  /** How a call ended; for metrics. */
  onAnswered(command: CniCommand, outcome: 'success' | 'failure'): void;
}

/** Closing lets calls that have come be answered, and leaves the socket to whoever has taken it meanwhile. */
export function createCniService(deps: CniServiceDeps): CniService {
  const { path, clock, log } = deps;
  const sockets = new Set<Socket>();
  const room: ReadRoom = { leftBytes: MOST_UNREAD_BYTES };
  /** Calls whose plugin may have gone meanwhile. */
  let answering = 0;
  const mayLog = createLineBudget({
    lines: FAILURES_LOGGED,
    periodMs: LOG_PERIOD_MS,
    clock,
    onPassedOver: (count) => log.warn('more CNI calls failed, not logged', { count }),
  });
  let own: { readonly device: bigint; readonly inode: bigint } | undefined;
  let server: Server | undefined;
  let isClosed = false;
  let closing: Promise<void> | undefined;

  async function serve(socket: Socket): Promise<void> {
    const raw = await readCall(socket, READ_WITHIN_MS, room);
    if (raw === undefined) {
      log.debug('what came on the socket of the CNI plugin is no call', { path });
      socket.destroy();
      return;
    }
    const call = parseCall(raw.variables, raw.config);
    if ('failure' in call) {
      socket.end(encodeAnswer(1, formatFailure(call.failure, '1.0.0')));
      return;
    }
    const result = await answerInTurn(call);
    const outcome = 'failure' in result ? 'failure' : 'success';
    const command = isCommand(call.command) ? call.command : 'other';
    deps.onAnswered(command, outcome);
    if ('failure' in result) {
      const { namespace, name } = call.pod ?? { namespace: '', name: '' };
      const pod = { namespace: cutShort(namespace), name: cutShort(name) };
      if (mayLog())
        log.warn('CNI call failed', { command, ...pod, reason: cutShort(result.failure.message) });
      socket.end(encodeAnswer(1, formatFailure(result.failure, call.cniVersion)));
    } else socket.end(encodeAnswer(0, result.text));
  }

  async function answerInTurn(call: CniCall): Promise<CniResult> {
    // A pod that ends waits for nothing, and must not be kept from it.
    if (call.command === 'ADD' && answering >= MAX_CALLS)
      return cniFailure(CNI_CODES.tryLater, `${MAX_CALLS} calls wait for an answer already`);
    answering += 1;
    try {
      return await answerCall(call, deps).catch(faultOf);
    } finally {
      answering -= 1;
    }
  }

  function accept(socket: Socket): void {
    sockets.add(socket);
    // A plugin that has given up has nothing left to hear.
    socket.on('error', (error) =>
      log.debug('connection of the CNI plugin lost', { error: describeError(error) }),
    );
    socket.on('close', () => sockets.delete(socket));
    // One that has its answer and stays, or talks on, holds a place that others need, and keeps an old generation from ending.
    socket.on('finish', () => {
      const lingering = clock.after(LINGERS_MS, () => socket.destroy());
      socket.on('close', () => lingering.cancel());
    });
    serve(socket).catch((error: unknown) => {
      log.error('CNI call not answered', { error: fromUnknown(error) });
      socket.destroy();
    });
  }

  async function take(): Promise<void> {
    const temporary = `${path}.${process.pid}`;
    await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
    await chmod(dirname(path), PRIVATE_FOLDER);
    await removeIfThere(temporary);
    if (isClosed) return;
    const listening = createServer(accept);
    listening.maxConnections = MAX_CALLS;
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject).listen(temporary, resolve);
    });
    await chmod(temporary, PRIVATE_FILE);
    const { dev, ino } = await stat(temporary, { bigint: true });
    own = { device: dev, inode: ino };
    // In one step: no call finds nobody. An elder process goes on with those that it has.
    await rename(temporary, path);
    log.info('answering the CNI plugin', { path });
  }

  async function close(): Promise<void> {
    isClosed = true;
    const listening = server;
    if (listening === undefined) return;
    const closed = new Promise<void>((resolve) => {
      listening.close(() => resolve());
    });
    if (own !== undefined && (await isThere(path, own))) await removeIfThere(path);
    await closed;
  }

  return {
    async start(isReady) {
      try {
        if (await isAnswered(path)) {
          isReady.then(take).catch((error: unknown) => {
            log.error('the socket of the CNI plugin stays with an elder process', {
              error: describeError(error),
            });
          });
        } else await take();
      } catch (error) {
        throw new ZtunnelError({
          code: 'ERR_ZTUNNEL_CNI_SOCKET',
          blame: 'local',
          message: `the socket ${path} of the CNI plugin could not be taken`,
          hint: 'it should lie in a folder of the node that belongs to this user alone',
          cause: error,
        });
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
    destroy() {
      isClosed = true;
      for (const socket of sockets) socket.destroy();
      closing ??= close();
      closing.catch((error: unknown) => log.debug('CNI socket not closed', { error: describeError(error) }));
    },
  };
}

function isCommand(text: string): text is CniCommand {
  return text === 'ADD' || text === 'CHECK' || text === 'DEL' || text === 'GC';
}

function faultOf(error: unknown): CniResult {
  const { message, hint = '' } = fromUnknown(error);
  return { failure: { code: CNI_CODES.tryLater, message, hint } };
}

/** Whether a process answers on the socket, however busy it is; a file that is left of one that is gone does not count. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const finish = (result: boolean): void => {
      probe.destroy();
      resolve(result);
    };
    probe.once('connect', () => finish(true)).once('error', (error) => finish(errnoOf(error) === 'EAGAIN'));
  });
}

async function isThere(
  path: string,
  own: { readonly device: bigint; readonly inode: bigint },
): Promise<boolean> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return dev === own.device && ino === own.inode;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** A plugin says all it has to say at once. */
const READ_WITHIN_MS = 5_000;
/** Pods that a kubelet starts at once are far fewer; more would only wait for one another. */
const MAX_CALLS = 512;
/** One has a few thousand bytes, and may have two mebibytes. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;
/** A plugin that has gone wrong calls as quickly as it is answered. */
const FAILURES_LOGGED = 100;
const LOG_PERIOD_MS = 10_000;
/** What a plugin takes to read an answer. */
const LINGERS_MS = 2_000;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
