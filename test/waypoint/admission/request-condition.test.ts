import { test } from 'tap';
import type { RequestCondition } from '../../../src/model/index.ts';
import { compileConditions } from '../../../src/waypoint/admission/request-condition.ts';
import type { WaypointError } from '../../../src/waypoint/errors.ts';
import { RequestFacts } from '../../../src/waypoint/routing/request-facts.ts';
import { makeContext, makeRequest } from '../request-fixtures.ts';
import { ANY_REQUEST } from './admission-fixtures.ts';

const REQUEST = makeRequest({
  method: 'POST',
  target: '/cart/items?full=1',
  headers: { 'X-Plan': 'free', 'x-empty': '' },
});

/** [condition, whether it holds for the request, whose client is of the namespace shop and the account client]. */
const CASES: readonly (readonly [Partial<RequestCondition>, boolean])[] = [
  [{}, true],
  [{ method: 'POST' }, true],
  [{ method: 'GET' }, false],
  [{ path: { kind: 'exact', value: '/cart/items' } }, true],
  [{ path: { kind: 'exact', value: '/cart/items/' } }, false],
  [{ path: { kind: 'prefix', value: '/' } }, true],
  [{ path: { kind: 'prefix', value: '/cart' } }, true],
  [{ path: { kind: 'prefix', value: '/cart/' } }, true],
  [{ path: { kind: 'prefix', value: '/cart/items' } }, true],
  [{ path: { kind: 'prefix', value: '/car' } }, false],
  [{ path: { kind: 'regex', value: '/cart/[a-z]+' } }, true],
  [{ path: { kind: 'regex', value: '/cart' } }, false],
  [{ headers: [{ kind: 'exact', name: 'x-plan', value: 'free' }] }, true],
  [{ headers: [{ kind: 'exact', name: 'x-plan', value: 'FREE' }] }, false],
  [{ headers: [{ kind: 'exact', name: 'x-none', value: '' }] }, false],
  [{ headers: [{ kind: 'regex', name: 'x-plan', value: 'fr.*' }] }, true],
  [{ headers: [{ kind: 'regex', name: 'x-plan', value: 'r' }] }, false],
  [{ headers: [{ kind: 'regex', name: 'x-none', value: '.*' }] }, false],
  [{ headers: [{ kind: 'present', name: 'x-empty' }] }, true],
  [{ headers: [{ kind: 'present', name: 'x-none' }] }, false],
  [{ headers: [{ kind: 'absent', name: 'x-none' }] }, true],
  [{ headers: [{ kind: 'absent', name: 'x-empty' }] }, false],
  [{ client: { namespace: 'shop', serviceAccount: undefined } }, true],
  [{ client: { namespace: 'shop', serviceAccount: 'client' } }, true],
  [{ client: { namespace: 'shop', serviceAccount: 'other' } }, false],
  [{ client: { namespace: 'bank', serviceAccount: 'client' } }, false],
  [{ method: 'POST', headers: [{ kind: 'present', name: 'x-none' }] }, false],
];

test('a condition holds when all of its parts do', async (t) => {
  const { client } = makeContext();
  for (const [condition, expected] of CASES) {
    const holds = compileConditions([{ ...ANY_REQUEST, ...condition }], []);
    t.equal(holds(new RequestFacts(REQUEST), client), expected, JSON.stringify(condition));
  }
});

test('of several conditions one is enough, and without any every request is meant', async (t) => {
  const { client } = makeContext();
  const facts = new RequestFacts(REQUEST);
  const get = { ...ANY_REQUEST, method: 'GET' };
  t.equal(compileConditions([get, { ...ANY_REQUEST, method: 'POST' }], [])(facts, client), true);
  t.equal(compileConditions([get, get], [])(facts, client), false);
  t.equal(compileConditions([], [])(facts, client), true);
});

test('a condition that is not RE2 holds for nothing and leaves the others alone', async (t) => {
  const { client } = makeContext();
  const facts = new RequestFacts(REQUEST);
  const problems: WaypointError[] = [];
  const broken: RequestCondition = { ...ANY_REQUEST, path: { kind: 'regex', value: '(?=x)' } };
  t.equal(compileConditions([broken], problems)(facts, client), false);
  t.equal(compileConditions([broken, ANY_REQUEST], problems)(facts, client), true);
  t.same(
    problems.map(({ code }) => code),
    ['ERR_WAYPOINT_PATTERN', 'ERR_WAYPOINT_PATTERN'],
  );
});
