import fc from 'fast-check';
import { test } from 'tap';
import type { HttpRequest } from '../../../src/http/index.ts';
import type { HttpMatch, HttpRoute, HttpRule } from '../../../src/model/index.ts';
import { createRouteTable } from '../../../src/waypoint/routing/route-table.ts';
import { makeRequest } from '../request-fixtures.ts';
import { echo, exact, grpc, makeMatch, makeRoute, makeRule, prefix, regex, value } from './route-fixtures.ts';

// The specification, read aloud: every match of every rule is tried, and the best of those that hold is taken.

interface Candidate {
  readonly route: HttpRoute;
  readonly rule: HttpRule;
  /** Compared one after the other, larger is better. */
  readonly rank: readonly (number | string)[];
}

function naive(routes: readonly HttpRoute[], request: HttpRequest, namespace: string): string {
  const consumers = routes.filter((route) => route.namespace !== 'shop' && route.namespace === namespace);
  const producers = routes.filter((route) => route.namespace === 'shop');
  const attached = consumers.length > 0 ? consumers : producers;
  if (attached.length === 0) return 'default';
  const isGrpc =
    request.method === 'POST' && request.headers.get('content-type')?.startsWith('application/grpc');
  const kind = isGrpc && attached.some((route) => route.kind === 'GRPCRoute') ? 'GRPCRoute' : 'HTTPRoute';
  const candidates: Candidate[] = [];
  for (const route of attached.filter((route) => route.kind === kind)) {
    const host = hostRank(route, request.authority);
    if (host === undefined) continue;
    for (const [position, rule] of route.rules.entries())
      for (const match of rule.matches) {
        const path = pathRank(match.path, request.target.split('?')[0] ?? '');
        if (path === undefined || !restHolds(match, request)) continue;
        candidates.push({
          route,
          rule,
          rank: [
            ...host,
            ...path,
            match.method === undefined ? 0 : 1,
            match.headers.length,
            match.query.length,
            -route.createdMs,
            // Earlier names are better.
            [...route.name].map((letter) => String.fromCharCode(255 - letter.charCodeAt(0))).join(''),
            -position,
          ],
        });
      }
  }
  return candidates.sort((a, b) => compareRanks(b.rank, a.rank))[0]?.rule.name ?? 'unmatched';
}

function compareRanks(a: Candidate['rank'], b: Candidate['rank']): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** Characters in a hostname without wildcard that matches, then in one that does. */
function hostRank({ hostnames }: HttpRoute, host: string): [number, number] | undefined {
  if (host === 'echo' || hostnames.length === 0) return [0, 0];
  if (hostnames.includes(host)) return [host.length, host.length];
  const wild = hostnames.filter((name) => name.startsWith('*.') && host.endsWith(name.slice(1)));
  return wild.length === 0 ? undefined : [0, Math.max(...wild.map((name) => name.length))];
}

function pathRank(match: HttpMatch['path'], path: string): [number, number] | undefined {
  switch (match.kind) {
    case 'exact':
      return match.value === path ? [3, 0] : undefined;
    case 'regex':
      return new RegExp(`^(?:${match.value})$`).test(path) ? [2, match.value.length] : undefined;
    case 'prefix': {
      const wanted = elements(match.value);
      const holds = wanted.every((element, index) => elements(path)[index] === element);
      return holds ? [1, match.value.replace(/\/$/, '').length] : undefined;
    }
    case 'grpc': {
      const [, service, method] = /^\/(.+)\/([^/]*)$/.exec(path) ?? [];
      if (match.service !== undefined && match.service !== service) return undefined;
      if (match.method !== undefined && match.method !== method) return undefined;
      return [match.service?.length ?? 0, match.method?.length ?? 0];
    }
  }
}

function elements(path: string): readonly string[] {
  return path === '/' ? [] : path.replace(/\/$/, '').slice(1).split('/');
}

function restHolds(match: HttpMatch, request: HttpRequest): boolean {
  const query = new URLSearchParams(request.target.split('?')[1] ?? '');
  return (
    (match.method ?? request.method) === request.method &&
    match.headers.every(({ name, value }) => request.headers.get(name) === value) &&
    match.query.every(({ name, value }) => query.get(name) === value)
  );
}

const element = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(element, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const slashed = fc
  .tuple(path, fc.constantFrom('', '/'))
  .map(([text, end]) => (text === '/' ? text : text + end));
const values = (names: readonly string[]) =>
  fc.uniqueArray(
    fc.tuple(fc.constantFrom(...names), fc.constantFrom('1', '2')).map(([name, text]) => value(name, text)),
    { maxLength: 2, selector: ({ name }) => name },
  );
const httpPath = fc.oneof(
  path.map(exact),
  slashed.map(prefix),
  fc.constantFrom('/a.*', '/[ab]+', '/.*', '/a/b|/b').map(regex),
);
const grpcPath = fc
  .tuple(fc.option(element, { nil: undefined }), fc.option(element, { nil: undefined }))
  .map(([service, method]) => grpc(service, method));
const matchOf = (paths: fc.Arbitrary<HttpMatch['path']>) =>
  fc
    .record({
      path: paths,
      method: fc.constantFrom(undefined, undefined, 'GET', 'POST'),
      headers: values(['h', 'g']),
      query: values(['p', 'q']),
    })
    .map(makeMatch);
const route = fc
  .record({
    kind: fc.constantFrom('HTTPRoute' as const, 'HTTPRoute' as const, 'GRPCRoute' as const),
    namespace: fc.constantFrom('shop', 'shop', 'shop', 'bank'),
    createdMs: fc.integer({ min: 0, max: 2 }),
    hostnames: fc.uniqueArray(fc.constantFrom('a.com', 'x.a.com', '*.a.com', '*.com'), { maxLength: 2 }),
    hasHostnames: fc.boolean(),
  })
  .chain(({ hasHostnames, hostnames, ...head }) =>
    fc
      .array(
        fc.array(matchOf(head.kind === 'GRPCRoute' ? grpcPath : httpPath), { minLength: 1, maxLength: 3 }),
        { minLength: 1, maxLength: 4 },
      )
      .map((rules) => ({ ...head, hostnames: hasHostnames ? hostnames : [], rules })),
  );
const routes = fc.array(route, { maxLength: 6 }).map((list) =>
  list.map(({ rules, ...head }, index) =>
    makeRoute({
      ...head,
      name: `r${index}`,
      rules: rules.map((matches, rule) => makeRule({ name: `r${index}.${rule}`, matches })),
    }),
  ),
);
const request = fc
  .record({
    path: slashed,
    query: fc.constantFrom('', '?p=1', '?p=2&q=1', '?q=1&p=1&q=2'),
    authority: fc.constantFrom('echo', 'a.com', 'x.a.com', 'y.a.com', 'b.com', 'b.org'),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.constantFrom<Readonly<Record<string, string>>>(
      {},
      { h: '1' },
      { h: '2', g: '1' },
      { g: '2' },
    ),
    grpc: fc.boolean(),
  })
  .map(({ path: text, query, grpc: isGrpc, headers, ...rest }) =>
    makeRequest({
      ...rest,
      target: `${text}${query}`,
      headers: isGrpc ? { ...headers, 'content-type': 'application/grpc' } : headers,
    }),
  );

test('a route table selects what trying every match of every rule would', async (t) => {
  fc.assert(
    fc.property(
      routes,
      fc.array(fc.tuple(request, fc.constantFrom('shop', 'bank', 'other')), { minLength: 1, maxLength: 8 }),
      (list, asks) => {
        const table = createRouteTable(list, echo, 80);
        for (const [ask, namespace] of asks) {
          const selection = table.select(ask, namespace);
          const got = selection.kind === 'rule' ? selection.rule.name : selection.kind;
          const expected = naive(list, ask, namespace);
          if (got !== expected)
            throw new Error(
              `expected ${expected}, got ${got} for ${ask.method} ${ask.authority}${ask.target}`,
            );
        }
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});
