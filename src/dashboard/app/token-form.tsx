import type { JSX } from 'preact';
import { giveToken } from '../data/token.ts';

/** Asks for the bearer token that this page's API wants; the page begins anew with it. */
export function TokenForm(): JSX.Element {
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get('token');
        giveToken(typeof text === 'string' ? text.trim() : '');
      }}
    >
      <p>
        This page is reachable from other machines, so it wants its token: the content of the file that
        --dashboard-token-file names. The one that it had is no longer good.
      </p>
      <label class="field">
        <span>Token</span>
        <input type="password" name="token" autocomplete="off" required />
      </label>
      <button type="submit">Show the dashboard</button>
    </form>
  );
}
