import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { ApiInfo } from '../../model/index.ts';
import { useRefusals } from '../data/feeds.ts';
import { Icon } from '../parts/icons.tsx';
import { PAGES } from './pages.ts';
import { linkTo, place } from './router.ts';

/** The pages that have something to show here, with the number of refusals beside theirs. */
export function Navigation({ scope }: { readonly scope: ApiInfo['scope'] | undefined }): JSX.Element {
  const refusals = useRefusals().data?.length ?? 0;
  const pages = PAGES.filter((page) => page.scope === undefined || page.scope === scope);
  const list = useRef<HTMLUListElement>(null);
  // On a narrow screen the names are a row that scrolls.
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [place.value.page, pages.length]);
  return (
    <nav aria-label="Pages" class="pages">
      <ul ref={list}>
        {pages.map(({ name, title }) => (
          <li key={name}>
            <a href={linkTo(name)} aria-current={place.value.page === name ? 'page' : undefined}>
              <Icon name={name} />
              <span>{title}</span>
              {name === 'refusals' && refusals > 0 && (
                <span class="count">
                  {refusals}
                  <span class="unseen"> in the last fifteen minutes</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
