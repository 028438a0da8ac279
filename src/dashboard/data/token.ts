import { signal } from '@preact/signals';

/** Whether the API refuses to answer without a (better) token. */
export const isTokenWanted = signal(false);

/**
 * Gives the server a token that a person typed: it answers with a cookie, which the live feed and all questions carry from then
 * on, and sends the browser back to this page. The token itself is kept nowhere.
 */
export function giveToken(token: string): void {
  const address = new URL('./', document.baseURI);
  address.searchParams.set('token', token);
  address.hash = location.hash;
  location.replace(address);
}
