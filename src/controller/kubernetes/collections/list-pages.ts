import { errorOfAnswer } from '../errors.ts';
import type { KubernetesApi, ListOptions } from '../kubernetes-api.ts';
import type { ObjectPage } from '../kubernetes-object.ts';
import { describeTarget, type ResourceCollection } from '../resource.ts';

/**
 * All pages of a list, one after the other. Rejects with KubernetesError as the API server refuses, and with
 * ERR_KUBERNETES_ANSWER for a list that has no end: one that goes in a circle, brings nothing any more, or brings more than
 * `mostObjects` (default 2,000,000: more than an API server can keep).
 */
export async function* listPages(
  api: Pick<KubernetesApi, 'list'>,
  collection: ResourceCollection,
  options: Omit<ListOptions, 'next'> & { readonly mostObjects?: number },
): AsyncGenerator<ObjectPage, void> {
  const { mostObjects = MOST_OBJECTS, ...how } = options;
  const endless = (why: string) => errorOfAnswer(`list ${describeTarget(collection)}`, why);
  let next: string | undefined;
  let objects = 0;
  let emptyInARow = 0;
  do {
    const page: ObjectPage = await api.list(collection, { ...how, next });
    objects += page.items.length;
    emptyInARow = page.items.length === 0 ? emptyInARow + 1 : 0;
    if (objects > mostObjects) throw endless(`expected an end, got more than ${mostObjects} objects`);
    if (page.next !== undefined && page.next === next)
      throw endless('expected the next page, got the same continue token again');
    if (emptyInARow > MOST_EMPTY_PAGES)
      throw endless(`expected objects or an end, got ${emptyInARow} empty pages in a row`);
    yield page;
    next = page.next;
  } while (next !== undefined);
}

const MOST_OBJECTS = 2_000_000;
/** An API server may give some where a selector leaves little. */
const MOST_EMPTY_PAGES = 100;
