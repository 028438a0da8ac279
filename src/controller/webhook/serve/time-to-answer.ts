/**
 * How long a review may take: the API server says how long it waits (`?timeout=10s`), and something must be left for the
 * answer's way. Whatever it says, no longer than `mostMs`.
 */
export function timeToAnswer(target: URL, mostMs: number): number {
  const [, minutes = '0', seconds = '0', milliseconds = '0'] =
    /^(?=\d)(?:(\d{1,3})m(?!s))?(?:(\d{1,5}(?:\.\d{1,9})?)s)?(?:(\d{1,7})ms)?$/.exec(
      target.searchParams.get('timeout') ?? '',
    ) ?? [];
  const askedMs = Number(minutes) * 60_000 + Number(seconds) * 1_000 + Number(milliseconds);
  return askedMs === 0 ? mostMs : Math.min(mostMs, askedMs * 0.8);
}
