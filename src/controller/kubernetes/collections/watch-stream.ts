import type { IncomingMessage } from 'node:http';
import { errorOfAnswer, errorOfConnection, errorOfStatus } from '../errors.ts';
import { parseAnswer, readStatus } from '../http-exchange.ts';
import { isKubernetesObject, isRecord, type WatchEvent } from '../kubernetes-object.ts';

/**
 * Reads the lines of a watch until it ends. What arrived together is handed on together; while it is being handled nothing
 * more is read. Rejects with what the API server said inside the watch, or when the connection is cut within a line.
 */
export async function readWatch(
  request: { readonly what: string; readonly signal: AbortSignal },
  message: IncomingMessage,
  onEvents: (events: readonly WatchEvent[]) => void,
): Promise<void> {
  const { what, signal } = request;
  let unfinished: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      const end = chunk.lastIndexOf(NEWLINE);
      if (end === -1) {
        unfinished.push(chunk);
        size += chunk.length;
        if (size > LONGEST_LINE_BYTES)
          throw errorOfAnswer(what, `event longer than ${LONGEST_LINE_BYTES} bytes`);
        continue;
      }
      const text = Buffer.concat([...unfinished, chunk.subarray(0, end)]).toString('utf8');
      const rest = chunk.subarray(end + 1);
      // A copy, so that a few bytes do not keep the whole chunk.
      unfinished = rest.length === 0 ? [] : [Buffer.from(rest)];
      size = rest.length;
      deliver(what, text.split('\n'), onEvents);
    }
  } catch (error) {
    throw errorOfConnection(what, signal.aborted ? signal.reason : error);
  }
  if (size > 0) throw errorOfAnswer(what, 'the watch ended within an event');
}

/** What came before a bad line still counts. */
function deliver(
  what: string,
  lines: readonly string[],
  onEvents: (events: readonly WatchEvent[]) => void,
): void {
  const events: WatchEvent[] = [];
  try {
    for (const line of lines) if (line !== '') events.push(parseEvent(what, line));
  } finally {
    if (events.length > 0) onEvents(events);
  }
}

function parseEvent(what: string, line: string): WatchEvent {
  const value = parseAnswer(what, line);
  const { type, object } = isRecord(value) ? value : {};
  if (type === 'ERROR') throw errorOfStatus(what, readStatus(object, 500));
  const known = TYPES.find((name) => name === type);
  if (known === undefined || !isKubernetesObject(object)) {
    throw errorOfAnswer(what, `expected an event with an object, got ${JSON.stringify(type)}`);
  }
  return { type: known, object };
}

const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'] as const;
const NEWLINE = 0x0a;
/** An object is at most 1.5 MiB in etcd; JSON with all of its managed fields may be a few times that. */
const LONGEST_LINE_BYTES = 16 * 1024 * 1024;
