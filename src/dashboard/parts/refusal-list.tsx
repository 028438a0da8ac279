import type { JSX } from 'preact';
import type { RefusalView } from '../../model/index.ts';
import { linkTo } from '../app/router.ts';
import { now } from '../data/clock.ts';
import { formatEnd, formatRule, formatTarget } from '../format/names.ts';
import { formatAgo } from '../format/time.ts';
import { groupRefusals } from '../traffic/refusal-groups.ts';
import { Nothing } from './answered.tsx';
import { Badge } from './badge.tsx';

/** Refusals by who, to whom and which rule, the most frequent first: what fails and why, in a line or three each. */
export function RefusalList(props: {
  readonly refusals: readonly RefusalView[];
  readonly most: number;
}): JSX.Element {
  const groups = groupRefusals(props.refusals);
  if (groups.length === 0) return <Nothing>Nothing was refused and nothing failed.</Nothing>;
  const hidden = groups.length - props.most;
  return (
    <>
      <ol class="refusals">
        {groups.slice(0, props.most).map(({ key, count, last }) => (
          <li key={key} class={`refusal refusal-${last.kind}`}>
            <p class="refusal-ends">
              <Badge tone={last.kind === 'refused' ? 'warn' : 'bad'}>{last.kind}</Badge>{' '}
              <strong>
                {formatEnd(last.source)} → {formatTarget(last)}
              </strong>{' '}
              <span class="refusal-count">
                {count} ×, {formatAgo(last.atMs, now.value)}
              </span>
            </p>
            <p class="refusal-rule">
              <code>{formatRule(last)}</code>
            </p>
            <p class="refusal-message">{last.message}</p>
            {last.hint !== '' && <p class="refusal-hint">{last.hint}</p>}
          </li>
        ))}
      </ol>
      {hidden > 0 && (
        <p>
          <a href={linkTo('refusals')}>
            {hidden} more {hidden === 1 ? 'kind' : 'kinds'} of refusals
          </a>
        </p>
      )}
    </>
  );
}
