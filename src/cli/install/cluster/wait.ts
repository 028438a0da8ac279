import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../terminal/index.ts';
import { CliError } from '../../errors.ts';

/** What is not there yet, and what may be done about it where that is known. */
export interface Missing {
  readonly missing: string;
  readonly remedy?: string | undefined;
}

/**
 * Asks until nothing is missing any more. `look` says what is; it is shown as progress, and in the error when the time is
 * over, with what `look` advises or else `hint`. Rejects with ERR_CLI_TIMEOUT, or with what `look` rejects with.
 */
export async function waitUntil(
  look: () => Promise<string | Missing | undefined>,
  options: {
    readonly what: string;
    /** What is said once nothing is missing; default: `what`. */
    readonly done?: () => string;
    readonly timeoutMs: number;
    readonly progress: Progress;
    readonly hint: string;
  },
): Promise<void> {
  const { what, timeoutMs, progress, hint } = options;
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found === undefined) return progress.done(options.done?.() ?? what);
    const { missing, remedy } = typeof found === 'string' ? { missing: found, remedy: undefined } : found;
    if (performance.now() > end) {
      progress.stop();
      throw new CliError({
        code: 'ERR_CLI_TIMEOUT',
        blame: 'upstream',
        message: `waited ${Math.round(timeoutMs / 1_000)} s until ${what}: ${missing}`,
        hint: remedy ?? hint,
      });
    }
    progress.update(`${what}: ${missing}`);
    await delay(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 500;
