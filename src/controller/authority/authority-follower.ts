import {
  type Clock,
  type Closable,
  describeError,
  type Logger,
  MeshError,
  type Timer,
} from '../../base/index.ts';
import type { Authority, RootStatus } from '../../identity/index.ts';
import { ControllerError } from '../errors.ts';
import type { Leadership } from '../leadership/index.ts';
import type { AuthorityPlace } from './authority-place.ts';

/** What is followed, and what has to be true before each step of a rotation. */
export interface AuthorityFollowerOptions {
  readonly place: AuthorityPlace;
  readonly authority: Pick<Authority, 'plugIn' | 'roots' | 'activateRoot' | 'removeRoot'>;
  /** Only the leader rotates; the others learn of it from what they share. */
  readonly leadership: Leadership;
  /** How long a new root is trusted before anything is signed under it: until all who must know it do. */
  readonly overlapMs: number;
  /** Whether whoever starts now is given the roots of now: without that no step of a rotation is taken. */
  readonly published: () => boolean;
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
  let toldMs = 0;
  let running: Promise<void> = Promise.resolve();

  function note(next: string | undefined): void {
    // API servers forget an Event after an hour.
    if (next === problem && (next === undefined || clock.monotonic() - toldMs < TOLD_AGAIN_MS)) return;
    problem = next;
    toldMs = clock.monotonic();
    if (next === undefined) log.info('the authority that is handed in is good', { place: place.name });
    else
      log.error('the authority that is handed in is no good; what is in use stays in use', { problem: next });
    options.tell(next);
  }

  /** Takes what is handed in, where it is another than before. */
  async function take(): Promise<void> {
    const material = await place.read();
    if (material === undefined) throw new Error(`expected an authority in ${place.name}, got none`);
    if (leadership.leading) await authority.plugIn(material);
  }

  /** The steps of a rotation that are due, of whatever was taken last. */
  async function advance(): Promise<void> {
    const nowMs = clock.now();
    const roots = authority.roots();
    const added = roots.filter(isWaiting);
    const waiting = added.at(-1);
    // Nothing was ever signed under those that another took the place of before their turn came.
    for (const { name } of added.slice(0, -1)) await authority.removeRoot(name);
    if (!options.published()) return;
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

  async function step(): Promise<void> {
    try {
      await take();
    } finally {
      // An old root must go in time, whatever has become of the place where the new one was.
      if (leadership.leading) await advance();
    }
    requireInForce(authority.roots(), clock.now());
  }

  async function round(): Promise<void> {
    try {
      await step();
      note(undefined);
    } catch (error) {
      // That it cannot be looked at for a while says nothing about it.
      if (error instanceof MeshError && error.retryable)
        log.debug('the authority that is handed in cannot be looked at', { error: describeError(error) });
      else note(describeError(error));
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

/** What was good when it was handed in may have ended since; nothing is signed by it any more. */
function requireInForce([active]: readonly RootStatus[], nowMs: number): void {
  if (active === undefined) return;
  const endMs = Math.min(active.notAfterMs, active.intermediate?.notAfterMs ?? Infinity);
  if (endMs > nowMs) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_AUTHORITY',
    blame: 'local',
    message: `expected an authority in force, got ${active.name}, which ended ${new Date(endMs).toISOString()}; nothing can be signed`,
    hint: 'hand in another',
  });
}

function isWaiting({ state, pluggedAtMs }: RootStatus): boolean {
  return state === 'added' && pluggedAtMs !== undefined;
}

const TOLD_AGAIN_MS = 1_800_000;
/** A proxy that answers nothing must not keep a root alive that somebody wants gone. */
const PATIENCE_MS = 60_000;
