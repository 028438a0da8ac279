import type { ComponentChildren, JSX } from 'preact';
import { formatPercent } from '../format/numbers.ts';
import { HEALTH_WORDS, type Health, healthOf, volumeOf } from '../traffic/health.ts';
import type { Rates } from '../../model/index.ts';
import { Icon } from './icons.tsx';

/** A word in a coloured frame. The word says all; the colour repeats it. */
export function Badge(props: {
  readonly tone: Health | 'info';
  readonly children: ComponentChildren;
}): JSX.Element {
  return <span class={`badge tone-${props.tone}`}>{props.children}</span>;
}

/** Success in percent with its colour; a dash where nothing passed. */
export function Success({ rates }: { readonly rates: Rates }): JSX.Element {
  const health = healthOf(rates);
  if (volumeOf(rates) === 0) return <span class="muted">–</span>;
  return (
    <span class={`tone-text-${health}`}>
      {formatPercent(rates.success)}
      <span class="unseen">, {HEALTH_WORDS[health]}</span>
    </span>
  );
}

/** A lock, closed where both ends proved who they are. */
export function Lock({ mutualTls }: { readonly mutualTls: boolean }): JSX.Element {
  return (
    <span class={mutualTls ? 'lock tone-text-good' : 'lock tone-text-warn'}>
      <Icon name={mutualTls ? 'lock' : 'unlocked'} />
      <span class="unseen">{mutualTls ? 'mutual TLS' : 'plaintext'}</span>
    </span>
  );
}

/** A bar for a share of 0 to 1, with its percentage beside it. */
export function Share(props: { readonly share: number; readonly tone?: Health | 'info' }): JSX.Element {
  return (
    <span class="share">
      <span class="share-bar" aria-hidden="true">
        <span
          class={`share-part tone-fill-${props.tone ?? 'info'}`}
          style={{ width: `${Math.min(100, Math.max(0, props.share * 100))}%` }}
        />
      </span>
      <span class="share-text">{formatPercent(props.share)}</span>
    </span>
  );
}
