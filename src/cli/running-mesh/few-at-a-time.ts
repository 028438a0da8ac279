/**
 * Does `work` for each item, and never for more than `most` of them at a time (default 16): a mesh has a thousand nodes, and
 * each question to one is a connection through the API server. The results are in the order of the items.
 */
export async function fewAtATime<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  most = 16,
): Promise<readonly PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting)
      [results[index]] = (await Promise.allSettled([work(item)])) as [PromiseSettledResult<R>];
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
