import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../terminal/index.ts';
import { CliError } from '../../errors.ts';

/**
 * Asks until nothing is missing any more. `look` says what is; it is shown as progress, and in the error when the time is
 * over. Rejects with ERR_CLI_TIMEOUT, or with what `look` rejects with.
 */
export async function waitUntil(
  look: () => Promise<string | undefined>,
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
    const missing = await look();
    if (missing === undefined) return progress.done(options.done?.() ?? what);
    if (performance.now() > end) {
      progress.stop();
      throw new CliError({
        code: 'ERR_CLI_TIMEOUT',
        blame: 'upstream',
        message: `waited ${Math.round(timeoutMs / 1_000)} s until ${what}: ${missing}`,
        hint,
      });
    }
    progress.update(`${what}: ${missing}`);
    await delay(LOOK_EVERY_MS);
  }
}

const LOOK_EVERY_MS = 500;
