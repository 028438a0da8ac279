/** Asks every 20 ms until the answer is yes; undefined after `deadlineMs`, else how long it took in milliseconds. */
export async function millisecondsUntil(
  holds: () => Promise<boolean>,
  deadlineMs: number,
): Promise<number | undefined> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < deadlineMs) {
    if (await holds()) return Math.round(performance.now() - startedMs);
    await pause(20);
  }
  return undefined;
}

/** In milliseconds. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
