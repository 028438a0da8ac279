import { computed, effect, signal } from '@preact/signals';
import type { LIVE_PATH, LiveFollow, LiveMessage, LiveTopic } from '../../model/index.ts';
import { addressOf } from './request.ts';
import { parseVisible } from './visible.ts';

/** Whether what is shown is what happens now. */
export type LiveState = 'connecting' | 'live' | 'paused' | 'disconnected';

/** Set by a person who wants to read in peace: nothing changes until it is unset. */
export const isPaused = signal(false);

const link = signal<'connecting' | 'open' | 'lost'>('connecting');

/** What the page says about itself. */
export const liveState = computed<LiveState>(() => {
  if (link.value === 'lost') return 'disconnected';
  if (isPaused.value) return 'paused';
  return link.value === 'open' ? 'live' : 'connecting';
});

/** How often the page went on after it was paused or cut off: what it missed is to be asked for. */
export const resumptions = signal(0);
let stateBefore: LiveState = 'connecting';
effect(() => {
  const missed = stateBefore === 'paused' || stateBefore === 'disconnected';
  if (missed && liveState.value === 'live') resumptions.value = resumptions.peek() + 1;
  stateBefore = liveState.value;
});

/** Messages that the server left out because this page was too slow. */
export const droppedMessages = signal(0);

type Listener = (message: LiveMessage) => void;
const listeners = new Map<LiveTopic, Set<Listener>>();
let window_ = 60;
let socket: WebSocket | undefined;
let attempts = 0;

/** Follows topics until the returned function is called. */
export function follow(topics: readonly LiveTopic[], listener: Listener): () => void {
  for (const topic of topics) {
    const known = listeners.get(topic) ?? new Set();
    listeners.set(topic, known.add(listener));
  }
  sayWhatIsFollowed();
  return () => {
    for (const topic of topics) {
      const known = listeners.get(topic);
      known?.delete(listener);
      if (known?.size === 0) listeners.delete(topic);
    }
    sayWhatIsFollowed();
  };
}

/** The window of topology and workloads, in seconds. */
export function setLiveWindow(seconds: number): void {
  if (seconds === window_) return;
  window_ = seconds;
  sayWhatIsFollowed();
}

/** Connects, and again whenever the connection is lost: after half a second, then doubling up to ten. */
export function startLive(): void {
  if (attempts === 0) link.value = 'connecting';
  const address = new URL(addressOf(PATH, {}));
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  socket = new WebSocket(address);
  socket.addEventListener('open', () => {
    attempts = 0;
    link.value = 'open';
    sayWhatIsFollowed();
  });
  socket.addEventListener('message', (event) => hear(`${event.data}`));
  socket.addEventListener('close', () => {
    link.value = 'lost';
    socket = undefined;
    attempts += 1;
    setTimeout(startLive, Math.min(500 * 2 ** (attempts - 1), 10_000));
  });
}

function hear(text: string): void {
  if (isPaused.value) return;
  const message = parseVisible(text) as LiveMessage;
  if (message.topic === 'dropped') {
    droppedMessages.value += message.count;
    return;
  }
  for (const listener of listeners.get(message.topic) ?? []) listener(message);
}

function sayWhatIsFollowed(): void {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const wish: LiveFollow = { follow: [...listeners.keys()], window: window_ };
  socket.send(JSON.stringify(wish));
}

const PATH: typeof LIVE_PATH = '/api/v1/live';
