import { signal } from '@preact/signals';

/** Where the person is: the page's name and its parameters, both kept in the address after the `#`. */
export interface Place {
  readonly page: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The place that the address names. */
export const place = signal(readPlace());

/** The address of a place, for links. Empty parameters are left out. */
export function linkTo(page: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, value);
  }
  return query.size === 0 ? `#/${page}` : `#/${page}?${query}`;
}

/** Changes parameters of the present page. The way back leads to the page before, not to each letter of a search. */
export function setParameters(changes: Readonly<Record<string, string | undefined>>): void {
  const { page, parameters } = place.peek();
  history.replaceState(null, '', linkTo(page, { ...parameters, ...changes }));
  place.value = readPlace();
}

/** Follows the address. */
export function startRouter(): void {
  addEventListener('hashchange', () => {
    place.value = readPlace();
  });
}

function readPlace(): Place {
  const [page, query] = location.hash.replace(/^#\/?/, '').split('?');
  return { page: page || 'overview', parameters: Object.fromEntries(new URLSearchParams(query ?? '')) };
}
