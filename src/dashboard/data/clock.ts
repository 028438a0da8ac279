import { signal } from '@preact/signals';
import { isPaused } from './live.ts';

/** The server's time, which ages on the page are told from: once a second, and standing still while the page is paused. */
export const now = signal(Date.now());

/** How far the server's clock is ahead of this machine's. */
let aheadMs = 0;

/** What the server's clock said when this machine's said `atMs`. */
export function setServerTime(serverMs: number, atMs: number): void {
  aheadMs = serverMs - atMs;
}

/** Begins to tell the time. */
export function startClock(): void {
  setInterval(() => {
    if (!isPaused.value && !document.hidden) now.value = Date.now() + aheadMs;
  }, 1_000);
}
