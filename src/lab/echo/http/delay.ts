import type { EchoResponse } from './http-port.ts';

/** Go's durations as far as the suites use them: 1s, 500ms, 1m. Anything else is no delay. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text);
  const unit = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''] ?? 0;
  return Number(match?.[1] ?? 0) * unit;
}

/** Resolves after the time, or when nobody waits for the answer any more. */
export function delayed(delayMs: number, response: EchoResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    response.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
