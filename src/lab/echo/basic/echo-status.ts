/** What a path asks for: `/status/NNN` NNN, `/retry/…?uuid=&succeedAfter=&responseCode=` failures first, else 200. */
export function echoStatus(url: URL, attempts: Map<string, number>): number {
  const path = url.pathname.replaceAll('//', '/');
  if (path.startsWith('/status/')) return Number(/^\/status\/(\d{3})$/.exec(path)?.[1] ?? 400);
  if (!path.startsWith('/retry')) return 200;
  const uuid = url.searchParams.get('uuid') ?? '';
  const seen = (attempts.get(uuid) ?? 0) + 1;
  attempts.set(uuid, seen);
  const succeedAfter = Number(url.searchParams.get('succeedAfter') ?? 0);
  return seen > succeedAfter ? 200 : Number(url.searchParams.get('responseCode') ?? 500);
}
