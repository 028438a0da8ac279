import type { JSX } from 'preact';
import type { ApiInfo } from '../../model/index.ts';
import { droppedMessages, isPaused, type LiveState, liveState } from '../data/live.ts';
import { Icon } from '../parts/icons.tsx';
import { isDark, theme } from './theme.ts';

/** Whose page it is, whether it is live, and the colours. */
export function Header({ info }: { readonly info: ApiInfo | undefined }): JSX.Element {
  return (
    <header class="top">
      <a class="brand" href="#/overview" aria-label="nodemesh, overview">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="8" class="brand-back" />
          <path d="M9 10l14 3M9 10l4 13M23 13l-10 10" class="brand-lines" />
          <g class="brand-dots">
            <circle cx="9" cy="10" r="3.6" />
            <circle cx="23" cy="13" r="3.6" />
            <circle cx="13" cy="23" r="3.6" />
          </g>
        </svg>
        <span class="brand-name">nodemesh</span>
      </a>
      <span class="scope">
        {info === undefined ? '' : info.scope === 'mesh' ? 'whole mesh' : `node ${info.node}`}
        {info !== undefined && info.meshUrl !== '' && (
          <>
            {' '}
            · <a href={info.meshUrl}>whole mesh</a>
          </>
        )}
        {info !== undefined && (
          <span class="muted extra">
            {' '}
            · {info.trustDomain} · {info.version}
          </span>
        )}
      </span>
      <LiveControl />
      <button
        type="button"
        class="plain"
        aria-label={isDark.value ? 'Light colours' : 'Dark colours'}
        onClick={() => {
          theme.value = isDark.value ? 'light' : 'dark';
        }}
      >
        <Icon name={isDark.value ? 'sun' : 'moon'} />
      </button>
    </header>
  );
}

function LiveControl(): JSX.Element {
  const state = liveState.value;
  return (
    <span class="live-control">
      {droppedMessages.value > 0 && (
        <span
          class="muted extra"
          title="This page could not keep up; tables and the graph are complete again at their next answer."
        >
          {droppedMessages.value} messages left out
        </span>
      )}
      <span class={`live live-${state}`} role="status">
        <span class="live-dot" aria-hidden="true" />
        {STATE_WORDS[state]}
      </span>
      <button
        type="button"
        class="plain"
        aria-label={isPaused.value ? 'Go on' : 'Pause'}
        aria-pressed={isPaused.value}
        onClick={() => {
          isPaused.value = !isPaused.value;
        }}
      >
        <Icon name={isPaused.value ? 'play' : 'pause'} />
      </button>
    </span>
  );
}

const STATE_WORDS: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  paused: 'Paused',
  disconnected: 'Disconnected',
};
