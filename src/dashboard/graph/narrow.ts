import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 860px)');

/** Whether a drawing has less room than a page of a desk: where the style sheets put the navigation above the content. */
export const isNarrow = signal(query.matches);
query.addEventListener('change', () => {
  isNarrow.value = query.matches;
});
