import type { WebSocket } from 'ws';
import type {
  ConnectionView,
  LiveMessage,
  RefusalView,
  RequestView,
  ServicePort,
  TrafficEnd,
} from '../../../model/index.ts';
import { matchesEnds } from '../../observation/index.ts';
import { type Follows, FOLLOWS_NOTHING } from './live-follow.ts';

/** One reader of the live feed, with what waits for it. */
export interface LiveReader {
  follows: Follows;
  refused(refusal: RefusalView): void;
  opened(connection: ConnectionView): void;
  closed(connection: ConnectionView & { readonly closedMs: number; readonly error: string }): void;
  requestEnded(request: RequestView): void;
  /** A picture of how things are: one that is not taken is left out, since the next one says the same. */
  show(message: string): void;
  /** Sends what waits, unless the reader is behind. */
  flush(): void;
}

interface Waiting {
  refusals: RefusalView[];
  opened: ConnectionView[];
  closed: (ConnectionView & { readonly closedMs: number; readonly error: string })[];
  requests: RequestView[];
}

/**
 * Follows nothing yet. Beyond `mostWaiting` events are dropped, and the reader is told how many. Does not own the
 * socket.
 */
export function createLiveReader(socket: WebSocket, mostWaiting: number): LiveReader {
  let waiting = nothing();
  let count = 0;
  let dropped = 0;

  const isBehind = (): boolean => socket.bufferedAmount > MOST_BUFFERED_BYTES;
  const send = (message: LiveMessage): void => socket.send(JSON.stringify(message));
  const add = <T extends Ends>(list: T[], event: T): void => {
    const { namespace } = reader.follows;
    if (namespace !== undefined && !matchesEnds(event, { namespace })) return;
    if (count >= mostWaiting) {
      dropped += 1;
      return;
    }
    count += 1;
    list.push(event);
  };

  const reader: LiveReader = {
    follows: FOLLOWS_NOTHING,
    refused(refusal) {
      if (reader.follows.topics.has('refusals')) add(waiting.refusals, refusal);
    },
    opened(connection) {
      if (reader.follows.topics.has('connections')) add(waiting.opened, connection);
    },
    closed(connection) {
      if (reader.follows.topics.has('connections')) add(waiting.closed, connection);
    },
    requestEnded(request) {
      if (reader.follows.topics.has('requests')) add(waiting.requests, request);
    },
    show(message) {
      if (isBehind()) dropped += 1;
      else socket.send(message);
    },
    flush() {
      if (isBehind() || (count === 0 && dropped === 0)) return;
      const { refusals, opened, closed, requests } = waiting;
      const left = dropped;
      waiting = nothing();
      count = 0;
      dropped = 0;
      if (refusals.length > 0) send({ topic: 'refusals', refusals });
      if (opened.length + closed.length > 0) send({ topic: 'connections', opened, closed });
      if (requests.length > 0) send({ topic: 'requests', requests });
      if (left > 0) send({ topic: 'dropped', count: left });
    },
  };
  return reader;
}

interface Ends {
  readonly source: TrafficEnd;
  readonly destination: TrafficEnd;
  readonly service: ServicePort | undefined;
}

function nothing(): Waiting {
  return { refusals: [], opened: [], closed: [], requests: [] };
}

/** What the socket has not taken yet; a reader with more is slow. */
const MOST_BUFFERED_BYTES = 1024 * 1024;
