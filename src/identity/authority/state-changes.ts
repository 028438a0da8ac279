import { IdentityError } from '../errors.ts';

/** Changes of state happen one after the other, and only once they are stored. */
export interface StateChanges {
  /** Does it again on what somebody else has made of the state, when that was stored first. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** The state was stored by somebody else since it was read. */
export class Overtaken extends Error {}

/**
 * After Overtaken, the state is reloaded and the work done anew, a few times at most; ERR_IDENTITY_CLOSED once closed.
 */
export function createStateChanges(parts: {
  readonly reload: () => Promise<void>;
  readonly isClosed: () => boolean;
}): StateChanges {
  let queue: Promise<unknown> = Promise.resolve();

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let left = MOST_ATTEMPTS; ; left--) {
      if (parts.isClosed()) throw closedError();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Overtaken) || left === 0) throw error;
        await parts.reload();
      }
    }
  }

  return {
    run(work) {
      const result = queue.then(() => attempt(work));
      // The caller hears of a failure; the change behind it must happen all the same.
      queue = result.catch(() => undefined);
      return result;
    },
    async idle() {
      await queue;
    },
  };
}

/** An ERR_IDENTITY_CLOSED. */
export function closedError(): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_CLOSED',
    blame: 'local',
    message: 'the authority is closed',
  });
}

const MOST_ATTEMPTS = 5;
