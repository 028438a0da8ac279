import { test } from 'tap';
import { HeaderList } from '../../../src/http/index.ts';
import type { AppProtocol, HashKey, LoadBalancer } from '../../../src/model/index.ts';
import { readCookie, requestHash } from '../../../src/waypoint/upstream/sending/hash-key.ts';
import { parseRetryAfter } from '../../../src/waypoint/upstream/sending/retry-after.ts';
import { upstreamVersion } from '../../../src/waypoint/upstream/sending/upstream-version.ts';
import { ip } from '../../model/mesh-fixtures.ts';
import { makeRequest } from '../request-fixtures.ts';

test('what is spoken is what the port says; gRPC and WebSocket decide for themselves', async (t) => {
  const cases: readonly (readonly [Parameters<typeof makeRequest>[0], AppProtocol, '1.1' | '2'])[] = [
    [{}, 'http1', '1.1'],
    [{}, 'http2', '2'],
    [{}, 'grpc', '2'],
    [{}, 'unknown', '1.1'],
    [{ version: '1.0' }, 'unknown', '1.1'],
    [{ version: '2' }, 'unknown', '2'],
    [{ version: '2' }, 'http1', '1.1'],
    [{ version: '2', headers: { 'content-type': 'application/grpc+proto' } }, 'http1', '2'],
    [{ version: '2', headers: { 'content-type': 'application/grpc-web' } }, 'http1', '1.1'],
    [{ upgrade: 'websocket' }, 'http2', '1.1'],
  ];
  for (const [request, protocol, version] of cases)
    t.equal(
      upstreamVersion(makeRequest(request), protocol),
      version,
      `${JSON.stringify(request)} ${protocol}`,
    );
});

test('Retry-After is seconds or a date of HTTP, and nothing else', async (t) => {
  const now = Date.UTC(2030, 0, 1, 0, 0, 0);
  t.equal(parseRetryAfter('120', now), 120_000);
  t.equal(parseRetryAfter(' 0 ', now), 0);
  t.equal(parseRetryAfter('Tue, 01 Jan 2030 00:00:30 GMT', now), 30_000);
  t.equal(parseRetryAfter('Tuesday, 01-Jan-30 00:00:10 GMT', now), 10_000);
  t.equal(parseRetryAfter('Mon, 31 Dec 2029 00:00:00 GMT', now), 0, 'the past is now');
  for (const text of [undefined, '', '-1', '1.5', '12345678901', 'soon', '2030-01-01', 'Tue, GMT'])
    t.equal(parseRetryAfter(text, now), undefined, `${text}`);
});

test('the key of a request is its header, its cookie or where it comes from', async (t) => {
  const at = ip('10.0.0.9');
  const hashOf = (key: HashKey, headers: Record<string, string>) =>
    requestHash(by(key), makeRequest({ headers }), at).hash;
  const header: HashKey = { kind: 'header', name: 'X-User' };
  t.type(hashOf(header, { 'x-user': 'a' }), 'number');
  t.equal(hashOf(header, { 'x-user': 'a' }), hashOf(header, { 'X-USER': 'a' }));
  t.not(hashOf(header, { 'x-user': 'a' }), hashOf(header, { 'x-user': 'b' }));
  t.equal(hashOf(header, {}), undefined);
  t.type(hashOf({ kind: 'source-ip' }, {}), 'number');
  const cookie: HashKey = { kind: 'cookie', name: 'c', path: '', ttlMs: undefined, attributes: [] };
  t.equal(hashOf(cookie, { cookie: 'c=a' }), hashOf(header, { 'x-user': 'a' }));
  t.same(requestHash(by(cookie), makeRequest(), at), { hash: undefined, setCookie: undefined });
  const made = requestHash(by({ ...cookie, ttlMs: 0 }), makeRequest(), at);
  t.match(made.setCookie, /^c=[\w-]{16}; HttpOnly$/, 'until the client closes');
  t.equal(made.hash, hashOf(cookie, { cookie: made.setCookie?.split(';')[0] ?? '' }));
  t.equal(requestHash({ type: 'random' }, makeRequest({ headers: { 'x-user': 'a' } }), at).hash, undefined);
});

test('cookies are read as RFC 6265 writes them', async (t) => {
  t.equal(readCookie(['a=1; b=2'], 'b'), '2');
  t.equal(readCookie(['a=1', 'b=2'], 'b'), '2', 'HTTP/2 may split the field');
  t.equal(readCookie(['b="q"'], 'b'), 'q');
  t.equal(readCookie(['bb=1; xb=2; b='], 'b'), '');
  t.equal(readCookie(['b', ';;', '=b'], 'b'), undefined);
  t.equal(readCookie(['b=1; b=2'], 'b'), '1');
  t.equal(readCookie(new HeaderList([['Cookie', 'b=a=c']]).all('cookie'), 'b'), 'a=c');
});

function by(key: HashKey): LoadBalancer {
  return { type: 'consistent-hash', key, table: { kind: 'maglev', size: 101 } };
}
