import type { TraceSpan } from '../../model/index.ts';

/** What a span is of, in words: names of spans are few, and a request and its tries share theirs. */
export function spanRole({ proxy, kind, attributes }: TraceSpan): string {
  if (!proxy.startsWith('waypoint/'))
    return kind === 'client'
      ? 'connection, as its client’s node sees it'
      : 'connection, as its server’s node sees it';
  const status = attributes['http.response.status_code'];
  const answered = status === undefined ? [] : [`answered with ${status}`];
  if (kind === 'client') {
    const resent = attributes['http.request.resend_count'];
    const where = attributes['nodemesh.destination.workload'] ?? attributes['server.address'];
    const at = where === undefined ? '' : ` at ${where}`;
    return [`try ${(typeof resent === 'number' ? resent : 0) + 1}${at}`, ...answered].join(', ');
  }
  return [attributes['http.request.method'] === undefined ? 'connection' : 'request', ...answered].join(', ');
}
