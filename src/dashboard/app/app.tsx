import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { setServerTime } from '../data/clock.ts';
import { useAnswer } from '../data/resource.ts';
import { isTokenWanted } from '../data/token.ts';
import { Boundary } from './boundary.tsx';
import { Header } from './header.tsx';
import { Navigation } from './navigation.tsx';
import { PAGES } from './pages.ts';
import { RefusalAnnouncer } from './refusal-announcer.tsx';
import { place } from './router.ts';
import { TokenForm } from './token-form.tsx';

/** The frame that all pages are shown in. */
export function App(): JSX.Element {
  const info = useAnswer('/api/v1/info', {}, 30_000);
  const page = PAGES.find(({ name }) => name === place.value.page);
  const title = page?.title ?? 'No such page';
  const where = info.data === undefined ? '' : info.data.scope === 'mesh' ? 'mesh' : info.data.node;
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (info.data !== undefined) setServerTime(info.data.nowMs, info.atMs);
  }, [info]);
  useEffect(() => {
    document.title = [title, where, 'nodemesh'].filter((part) => part !== '').join(' · ');
  }, [title, where]);
  // Whoever goes to another page is told its name.
  useEffect(() => {
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [place.value.page]);
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: the address after # is the page's place, so the link cannot set it */}
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          heading.current?.focus();
        }}
      >
        Skip to content
      </a>
      <Header info={info.data} />
      <Navigation scope={info.data?.scope} />
      <main id="content">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {isTokenWanted.value ? (
          <TokenForm />
        ) : (
          <Boundary key={place.value.page}>
            {page === undefined ? (
              <p>
                There is no page “{place.value.page}”. <a href="#/overview">Go to the overview</a>.
              </p>
            ) : (
              <page.Content />
            )}
          </Boundary>
        )}
      </main>
      <RefusalAnnouncer />
    </div>
  );
}
