import { type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiAnswers, ApiPath } from '../../model/index.ts';
import { isPaused, resumptions } from './live.ts';
import { ApiFailure, addressOf, ask, type Query } from './request.ts';

/** The last answer to a question, and what is wrong with asking it now. An answer stays while later ones fail. */
export interface Resource<T> {
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  /** When `data` came; 0 before. */
  readonly atMs: number;
}

const resources = new Map<string, Signal<Resource<unknown>>>();

/**
 * The answer of the API, asked for again every `everyMs` (default 5 s) while a component shows it, the page is visible and not
 * paused; and at once when it goes on or the server is back. What was known when the page was last shown is there at once.
 */
export function useAnswer<P extends ApiPath>(
  path: P,
  query: Query = {},
  everyMs = 5_000,
): Resource<ApiAnswers[P]> {
  const key = addressOf(path, query);
  const resource = resourceOf(path, query);
  // The key stands for path, query and resource.
  useEffect(() => {
    let isShown = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (): Promise<void> => {
      const isWanted = resource.peek().data === undefined || (!isPaused.value && !document.hidden);
      if (isWanted) await refresh(resource, path, query);
      if (isShown) timer = setTimeout(() => void turn(), everyMs);
    };
    void turn();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, [key, everyMs, resumptions.value]);
  return resource.value;
}

/** Changes a known answer by what the live feed said; without one the next answer brings it. */
export function amend<P extends ApiPath>(
  path: P,
  query: Query,
  change: (known: ApiAnswers[P]) => ApiAnswers[P],
): void {
  const resource = resourceOf(path, query);
  const { data } = resource.peek();
  if (data !== undefined) resource.value = { data: change(data), failure: undefined, atMs: Date.now() };
}

async function refresh<P extends ApiPath>(
  resource: Signal<Resource<ApiAnswers[P]>>,
  path: P,
  query: Query,
): Promise<void> {
  try {
    resource.value = { data: await ask(path, query), failure: undefined, atMs: Date.now() };
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    resource.value = { ...resource.peek(), failure: error };
  }
}

function resourceOf<P extends ApiPath>(path: P, query: Query): Signal<Resource<ApiAnswers[P]>> {
  const key = addressOf(path, query);
  const known =
    resources.get(key) ?? signal<Resource<unknown>>({ data: undefined, failure: undefined, atMs: 0 });
  // The one that was used last comes last, so that the first is the one to forget.
  resources.delete(key);
  resources.set(key, known);
  const oldest = resources.keys().next().value;
  if (resources.size > KEPT_ANSWERS && oldest !== undefined) resources.delete(oldest);
  return known as Signal<Resource<ApiAnswers[P]>>;
}

/** Far more than a page asks; searches make a new question for each word. */
const KEPT_ANSWERS = 40;
