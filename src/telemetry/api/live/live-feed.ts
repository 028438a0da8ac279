import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Closable, Timer } from '../../../base/index.ts';
import type { Follower } from '../../observation/index.ts';
import { ApiRefusal } from '../problem.ts';
import type { ApiSources } from '../facts.ts';
import type { WorkBudget } from '../work-budget.ts';
import { parseFollow } from './live-follow.ts';
import { showPictures, wantsPictures } from './live-pictures.ts';
import { createLiveReader, type LiveReader } from './live-reader.ts';

/** Where pictures and events come from, and how many may have them. */
export interface LiveFeedOptions {
  readonly sources: ApiSources;
  readonly budget: WorkBudget;
  /** Readers at a time. */
  readonly mostReaders: number;
  /** Events that wait for a reader that is behind; what is over is dropped and told. */
  readonly mostWaiting: number;
}

/** Tells readers over WebSockets what happens, as it happens. Costs nothing while nobody reads. */
export interface LiveFeed extends Closable {
  readonly readers: number;
  /** Throws ApiRefusal when there are too many readers. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

interface Seat {
  readonly reader: LiveReader;
  /** Whether it has answered the last ping. */
  alive: boolean;
}

/** Follows the store while there is a reader; `close` says goodbye to them. */
export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const { sources, budget, mostReaders, mostWaiting } = options;
  const { store, clock } = sources;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    clientTracking: false,
  });
  const seats = new Map<WebSocket, Seat>();
  const timers = new Map<'flush' | 'pictures' | 'ping', Timer>();
  let unfollow: (() => void) | undefined;

  const readers = function* (): Generator<LiveReader> {
    for (const { reader } of seats.values()) yield reader;
  };

  /** Runs `action` after a while, once, however often it is asked for meanwhile. */
  const soon = (name: 'flush' | 'pictures' | 'ping', delayMs: number, action: () => void): void => {
    if (timers.has(name)) return;
    const run = (): void => {
      timers.delete(name);
      action();
    };
    timers.set(name, clock.after(delayMs, run));
  };

  const flush = (): void => {
    for (const reader of readers()) reader.flush();
  };
  const each = (tell: (reader: LiveReader) => void): void => {
    for (const reader of readers()) tell(reader);
    soon('flush', FLUSH_MS, flush);
  };
  const pictures = (): void => {
    if (![...readers()].some(({ follows }) => wantsPictures(follows))) return;
    showPictures(sources, budget, readers());
    // What was left out is told also when nothing else happens.
    flush();
    soon('pictures', PICTURES_MS, pictures);
  };
  const ping = (): void => {
    for (const [socket, seat] of seats) {
      if (!seat.alive) socket.terminate();
      seat.alive = false;
      socket.ping();
    }
    if (seats.size > 0) soon('ping', PING_MS, ping);
  };

  /** Whom the store tells follows from what readers follow, since views are made only for those who want them. */
  const refollow = (): void => {
    const wanted = new Set([...readers()].flatMap(({ follows }) => [...follows.topics]));
    const follower: Follower = {
      ...(wanted.has('refusals') && {
        refused: (refusal) => each((reader) => reader.refused(refusal)),
      }),
      ...(wanted.has('connections') && {
        connectionOpened: (connection) => each((reader) => reader.opened(connection)),
        connectionClosed: (connection, end) => each((reader) => reader.closed({ ...connection, ...end })),
      }),
      ...(wanted.has('requests') && {
        requestEnded: (request) => each((reader) => reader.requestEnded(request)),
      }),
    };
    unfollow?.();
    unfollow = Object.keys(follower).length > 0 ? store.follow(follower) : undefined;
  };

  const leave = (socket: WebSocket): void => {
    if (!seats.delete(socket)) return;
    refollow();
    if (seats.size > 0) return;
    for (const timer of timers.values()) timer.cancel();
    timers.clear();
  };

  const hear = (socket: WebSocket, reader: LiveReader, text: string): void => {
    const follows = parseFollow(text);
    if (typeof follows === 'string') {
      // RFC 6455 §5.5: a control frame has 125 bytes, two of which are the status.
      socket.close(POLICY_VIOLATION, follows.slice(0, 120));
      return;
    }
    reader.follows = follows;
    refollow();
    if (!wantsPictures(follows)) return;
    showPictures(sources, budget, [reader]);
    soon('pictures', PICTURES_MS, pictures);
  };

  const seat = (socket: WebSocket): void => {
    const reader = createLiveReader(socket, mostWaiting);
    const own: Seat = { reader, alive: true };
    seats.set(socket, own);
    socket.on('pong', () => {
      own.alive = true;
    });
    socket.on('message', (data) => hear(socket, reader, String(data)));
    // A broken frame closes the socket by itself.
    socket.on('error', () => socket.terminate());
    socket.on('close', () => leave(socket));
    soon('ping', PING_MS, ping);
  };

  return {
    get readers() {
      return seats.size;
    },
    accept(request, socket, head) {
      if (seats.size >= mostReaders) throw tooMany(mostReaders);
      server.handleUpgrade(request, socket, head, seat);
    },
    async close() {
      const gone = [...seats.keys()].map(
        (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
      );
      for (const socket of seats.keys()) socket.close(GOING_AWAY, 'the process ends');
      const timer = clock.after(CLOSE_MS, () => {
        for (const socket of seats.keys()) socket.terminate();
      });
      await Promise.all(gone);
      timer.cancel();
    },
    destroy() {
      for (const socket of seats.keys()) socket.terminate();
    },
  };
}

function tooMany(most: number): ApiRefusal {
  return new ApiRefusal({
    status: 503,
    code: 'ERR_TELEMETRY_API_READERS',
    message: `the live feed has ${most} readers, and takes no more`,
    hint: 'close a page of the dashboard, or a command that follows',
  });
}

const FLUSH_MS = 200;
const PICTURES_MS = 2_000;
const PING_MS = 20_000;
/** How long a reader may take to say goodbye. */
const CLOSE_MS = 2_000;
const MOST_MESSAGE_BYTES = 4_096;
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;
