import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { RefusalView } from '../../model/index.ts';
import { followRefusals } from '../data/feeds.ts';
import { formatEnd, formatRule, formatTarget } from '../format/names.ts';

const spoken = signal('');

/** Tells screen readers of new refusals, at most once in five seconds however many there are. */
export function RefusalAnnouncer(): JSX.Element {
  useEffect(() => {
    let fresh: RefusalView[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const speak = (): void => {
      timer = undefined;
      const last = fresh.at(-1);
      if (last === undefined) return;
      const count = fresh.length === 1 ? 'One new refusal' : `${fresh.length} new refusals`;
      spoken.value = `${count}: ${formatEnd(last.source)} to ${formatTarget(last)}, ${formatRule(last)}`;
      fresh = [];
      timer = setTimeout(speak, SPOKEN_EVERY_MS);
    };
    const stop = followRefusals((refusals) => {
      fresh = [...fresh, ...refusals].slice(-COUNTED);
      if (timer === undefined) speak();
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return (
    <p class="unseen" aria-live="polite" data-announcer>
      {spoken.value}
    </p>
  );
}

const SPOKEN_EVERY_MS = 5_000;
const COUNTED = 1_000;
