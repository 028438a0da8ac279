// The process of a filter: started by process/filter-process.ts, which says what it may and what it may not.
import { Buffer } from 'node:buffer';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { Socket } from 'node:net';
import process, { exit } from 'node:process';
import type { FilterModule } from '../author/filter-api.ts';
import { encodeFrame, type Frame, FrameDecoder, type FrameType, NO_BYTES } from '../protocol/frame.ts';
import type { CallHead, LoadHead, LogHead, ReadyHead, TroubleHead } from '../protocol/messages.ts';
import { closeWorld } from './closed-world.ts';
import { consoleOf, createLineLog } from './line-log.ts';
import { type CallResult, type ModuleParts, runCall } from './run-call.ts';

const SOCKET_DESCRIPTOR = 3;
const MODULE_URL = 'filter:///filter.ts';
const LARGEST_FRAME = 64 * 1024 * 1024;

const socket = new Socket({ fd: SOCKET_DESCRIPTOR, readable: true, writable: true });
const decoder = new FrameDecoder(LARGEST_FRAME);
const log = createLineLog((line: LogHead) => send('log', 0, line));
let source = '';
let parts: ModuleParts | undefined;
let outgoing: Uint8Array[] = [];
let isFlushing = false;

socket.on('data', (chunk) => {
  for (const frame of decoder.push(chunk)) receive(frame);
  flush();
});
// Without a waypoint there is nothing to do.
socket.on('end', () => exit(0));
socket.on('error', () => exit(1));
process.on('uncaughtException', (error) => {
  log.error('uncaught error, the process of the filter ends', { error: traceOf(error) });
  flush();
  exit(70);
});

// Threads are started now: later the process may have no room for them.
await crypto.subtle.digest('SHA-256', new Uint8Array(0));
registerHooks({
  resolve(specifier) {
    if (specifier !== MODULE_URL)
      throw new TypeError(`a filter may import nothing, got ${specifier}; types come by "import type"`);
    return { url: MODULE_URL, format: 'module', shortCircuit: true };
  },
  load: () => ({ format: 'module', source, shortCircuit: true }),
});
const strip = stripTypeScriptTypes;
// Loads the parser, which needs what is taken away next (WebAssembly).
strip('');
closeWorld(consoleOf(log));
send('hello', 0, undefined);
flush();

function receive({ type, id, head, body }: Frame): void {
  switch (type) {
    case 'load':
      // The waypoint is believed: it made this process.
      void load(head as LoadHead);
      break;
    case 'call':
      call(id, head as CallHead, body);
      break;
    case 'ping':
      send('pong', id, undefined);
      break;
    default:
      exit(1);
  }
}

async function load({ source: text, config }: LoadHead): Promise<void> {
  try {
    source = strip(text, { sourceUrl: 'filter.ts' });
    const module = (await import(MODULE_URL)) as FilterModule;
    parts = { module, log, config: deepFrozen(JSON.parse(config)) as ModuleParts['config'] };
    const ready: ReadyHead = {
      onRequest: isHook(module, 'onRequest'),
      onResponse: isHook(module, 'onResponse'),
    };
    if (ready.onRequest || ready.onResponse) send('ready', 0, ready);
    else send('broken', 0, trouble('expected a module that exports onRequest or onResponse, got neither'));
  } catch (error) {
    send('broken', 0, trouble(traceOf(error)));
  }
  flush();
}

function isHook(module: FilterModule, name: keyof FilterModule): boolean {
  const hook: unknown = module[name];
  if (hook !== undefined && typeof hook !== 'function')
    throw new TypeError(`expected ${name} to be a function, got ${typeof hook}`);
  return hook !== undefined;
}

function call(id: number, head: CallHead, body: Uint8Array): void {
  // The waypoint measures the time from here, so it must know before the module has its turn.
  send('began', id, undefined);
  flush();
  try {
    if (parts === undefined) throw new TypeError('called before it was loaded');
    const result = runCall(parts, head, body);
    if (result instanceof Promise)
      result.then(
        (late) => finish(id, late),
        (error) => fail(id, error),
      );
    else finish(id, result);
  } catch (error) {
    fail(id, error);
  }
}

function finish(id: number, { head, body }: CallResult): void {
  outgoing.push(encodeFrame({ type: 'result', id, head, body }));
  flushSoon();
}

function fail(id: number, error: unknown): void {
  send('failed', id, trouble(traceOf(error)));
  flushSoon();
}

function send(type: FrameType, id: number, head: unknown): void {
  outgoing.push(encodeFrame({ type, id, head, body: NO_BYTES }));
  flushSoon();
}

function flushSoon(): void {
  if (isFlushing) return;
  isFlushing = true;
  queueMicrotask(flush);
}

/** What has gathered goes out in one write, at once as far as the socket takes it. */
function flush(): void {
  isFlushing = false;
  const [first, ...others] = outgoing;
  if (first === undefined) return;
  outgoing = [];
  socket.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
}

function trouble(message: string): TroubleHead {
  return { message: message.slice(0, 2_048) };
}

/** The error with the lines of the module that it went through. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const lines = stack.split('\n').filter((line) => line.includes('filter.ts'));
  return [`${error.name}: ${error.message}`, ...lines.map((line) => line.trim())].join(' | ');
}

function deepFrozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFrozen(member);
  return Object.freeze(value);
}
