import { type Clock, type Closable, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { Authority, RootStatus } from '../../identity/index.ts';
import type { Leadership } from '../leadership/index.ts';
import type { AuthorityPlace } from './authority-place.ts';

export interface AuthorityFollowerOptions {
  readonly place: AuthorityPlace;
  readonly authority: Pick<Authority, 'plugIn' | 'roots' | 'activateRoot' | 'removeRoot'>;
  /** Only the leader rotates; the others learn of it from what they share. */
  readonly leadership: Leadership;
  /** How long a new root is trusted before anything is signed under it: until all who must know it do. */
  readonly overlapMs: number;
  /** Whether each proxy that is connected here has the roots of now. */
  readonly acknowledged: () => Promise<boolean>;
  /** What is wrong with the authority that is handed in; undefined: nothing any more. */
  readonly tell: (problem: string | undefined) => void;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Follows what is handed in as the mesh's authority. Another one is a rotation of the root, step by step: trusted beside the
 * old one; after the overlap, and when the proxies have acknowledged it, the one that signs; and once nothing under the old
 * root can be in use any more, the only one. One that is broken changes nothing.
 */
export function followAuthority(options: AuthorityFollowerOptions): Closable {
  const { place, authority, leadership, clock, log } = options;
  let timer: Timer | undefined;
  let closed = false;
  let problem: string | undefined;
  let running: Promise<void> = Promise.resolve();

  function note(next: string | undefined): void {
    if (next === problem) return;
    problem = next;
    if (next === undefined) log.info('the authority that is handed in can be used', { place: place.name });
    else
      log.error('the authority that is handed in cannot be used; the one before goes on', { problem: next });
    options.tell(next);
  }

  async function step(): Promise<void> {
    const material = await place.read();
    if (material === undefined) throw new Error(`expected an authority in ${place.name}, got none`);
    if (!leadership.leading) return;
    await authority.plugIn(material);
    const nowMs = clock.now();
    const roots = authority.roots();
    const waiting = roots.filter(isWaiting).at(-1);
    if (waiting !== undefined && nowMs - (waiting.pluggedAtMs ?? nowMs) >= options.overlapMs) {
      if (await options.acknowledged()) await authority.activateRoot(waiting.name);
      else if (nowMs - (waiting.pluggedAtMs ?? nowMs) >= options.overlapMs + PATIENCE_MS) {
        log.warn('not every proxy has acknowledged the new root; it signs all the same', {
          root: waiting.name,
        });
        await authority.activateRoot(waiting.name);
      }
    }
    for (const { name, neededUntilMs } of roots)
      if (neededUntilMs !== undefined && neededUntilMs <= nowMs) await authority.removeRoot(name);
  }

  async function round(): Promise<void> {
    try {
      await step();
      note(undefined);
    } catch (error) {
      note(describeError(error));
    }
    if (!closed) timer = clock.after(options.everyMs, begin);
  }

  function begin(): void {
    running = round();
  }

  function stop(): void {
    closed = true;
    timer?.cancel();
  }

  timer = clock.after(0, begin);
  return {
    async close() {
      stop();
      await running;
    },
    destroy: stop,
  };
}

function isWaiting({ state, pluggedAtMs }: RootStatus): boolean {
  return state === 'added' && pluggedAtMs !== undefined;
}

/** A proxy that answers nothing must not keep a root alive that somebody wants gone. */
const PATIENCE_MS = 60_000;
