import { type Signal, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
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

/** Questions that wait for their answer: who asks the same meanwhile waits with them. */
const asked = new Map<string, Promise<void>>();

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
  const resumed = useRef(resumptions.value);
  // The key stands for path, query and resource.
  useEffect(() => {
    let isShown = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (): Promise<void> => {
      const isWanted = resource.peek().data === undefined || (!isPaused.value && !document.hidden);
      if (isWanted) await refresh(resource, path, query);
      if (isShown) timer = setTimeout(() => void turn(), everyMs);
    };
    // What somebody else has just been told is not asked again; what was missed is.
    const ageMs = Date.now() - resource.peek().atMs;
    const isFresh = ageMs < FRESH_MS && resumed.current === resumptions.value;
    resumed.current = resumptions.value;
    if (isFresh) timer = setTimeout(() => void turn(), everyMs - ageMs);
    else void turn();
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

function refresh<P extends ApiPath>(
  resource: Signal<Resource<ApiAnswers[P]>>,
  path: P,
  query: Query,
): Promise<void> {
  const key = addressOf(path, query);
  const answer = asked.get(key) ?? answerInto(resource, path, query).finally(() => asked.delete(key));
  asked.set(key, answer);
  return answer;
}

async function answerInto<P extends ApiPath>(
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

/** As old as what several parts of a page that is opened ask for. */
const FRESH_MS = 1_000;
/** Far more than a page asks; searches make a new question for each word. */
const KEPT_ANSWERS = 40;
