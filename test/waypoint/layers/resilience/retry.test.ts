import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { test } from 'tap';
import { MeshError, type MeshErrorOptions } from '../../../../src/base/index.ts';
import type { HttpResponse } from '../../../../src/http/index.ts';
import type { HttpRule, RetrySettings, TrafficSettings } from '../../../../src/model/index.ts';
import { createRetryLayer } from '../../../../src/waypoint/layers/resilience/retry.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../../src/waypoint/traffic/default-settings.ts';
import { makeWorkload } from '../../../model/mesh-fixtures.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import {
  bodyOf,
  type Call,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import { echo, makeMatch, makeRoute, makeRule } from '../../routing/route-fixtures.ts';

type Ask = NonNullable<Parameters<typeof makeRequest>[0]>;
type Answer = HttpResponse | MeshError;

interface Setting {
  readonly retry?: Partial<RetrySettings>;
  readonly budget?: Partial<TrafficSettings['retryBudget']>;
  readonly backendRequestMs?: number;
  readonly rule?: Partial<HttpRule>;
  readonly random?: () => number;
}

function failure(over: Partial<MeshErrorOptions<string>> = {}): MeshError {
  return new MeshError({ code: 'ERR_TEST', blame: 'upstream', message: 'it failed', ...over });
}

const refused = (): MeshError => failure({ message: 'not reached', retryable: true });
const reset = (): MeshError => failure({ message: 'cut' });
const grpcStatus = (status: number): HttpResponse => makeResponse(200, { 'grpc-status': String(status) });
const grpcCall: Ask = { method: 'POST', headers: { 'content-type': 'application/grpc' } };

/** A retry layer over a backend that answers as listed; the last answer is for all that come after. */
function backendThat(answers: readonly ((call: Call) => Answer | Promise<Answer>)[], setting: Setting = {}) {
  const clock = createFakeClock();
  const leaf = recordingHandler(async (call, index) => {
    call.context.record.upstream = makeWorkload({ name: `pod-${index + 1}` });
    const answer = await (answers[Math.min(index, answers.length - 1)] ?? (() => makeResponse()))(call);
    if (answer instanceof MeshError) throw answer;
    return answer;
  });
  const retries: string[] = [];
  const layer = createRetryLayer({
    clock,
    random: setting.random ?? (() => 0),
    onRetry: (outcome) => retries.push(outcome),
  });
  const base = DEFAULT_TRAFFIC_SETTINGS;
  const settings: TrafficSettings = {
    ...base,
    retry: { ...base.retry, ...setting.retry },
    retryBudget: { ...base.retryBudget, ...setting.budget },
    timeouts: { ...base.timeouts, backendRequestMs: setting.backendRequestMs ?? 0 },
  };
  const routes = createRouteTable(
    setting.rule === undefined ? [] : [makeRoute({ rules: [makeRule(setting.rule)] })],
    echo,
    80,
  );
  const handler = layer(leaf);
  const send = (ask: Ask = {}, signal?: AbortSignal) => {
    const request = makeRequest(ask);
    const context = makeContext({ request, routes, settings }, signal === undefined ? {} : { signal });
    return { context, answer: settled(clock, handler(request, context)) };
  };
  return { clock, leaf, send, retries };
}

/** Lets time pass until a promise settles. */
async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let over = false;
  promise.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  for (let step = 0; step < 500 && !over; step++) await clock.advance(5);
  return promise;
}

test('a request that succeeds is tried once', async (t) => {
  const { clock, leaf, send } = backendThat([() => makeResponse(200)]);
  const { context, answer } = send();
  t.equal((await answer).status, 200);
  t.equal(leaf.calls.length, 1);
  t.equal(context.record.attempts, 1);
  t.equal(clock.pending, 0);
});

test('what is tried again, and what is not', async (t) => {
  const post: Ask = { method: 'POST' };
  const rows: [string, Ask, Setting, () => Answer, boolean][] = [
    ['a backend that is not reached', {}, {}, refused, true],
    ['the same for a POST', post, {}, refused, true],
    ['a cut before the answer', {}, {}, reset, true],
    ['the same for a POST', post, {}, reset, false],
    ['a cut, for a POST whose policy allows it', post, { retry: { nonIdempotent: true } }, reset, true],
    ['a cut, for a PUT', { method: 'PUT' }, {}, reset, true],
    ['a cut, for a PATCH', { method: 'PATCH' }, {}, reset, false],
    ['a fault of the client', {}, {}, () => failure({ blame: 'downstream', retryable: true }), false],
    ['a fault of our own', {}, {}, () => failure({ blame: 'local' }), false],
    ['one that may pass', {}, {}, () => failure({ blame: 'local', retryable: true }), true],
    ['503', {}, {}, () => makeResponse(503), true],
    ['503 for a POST', post, {}, () => makeResponse(503), false],
    ['502', {}, {}, () => makeResponse(502), false],
    ['502 where it is listed', {}, { retry: { codes: [502] } }, () => makeResponse(502), true],
    ['503 where it is not', {}, { retry: { codes: [502] } }, () => makeResponse(503), false],
    ['404', {}, {}, () => makeResponse(404), false],
    ['gRPC UNAVAILABLE', grpcCall, {}, () => grpcStatus(14), false],
    [
      'the same where calls may be repeated',
      grpcCall,
      { retry: { nonIdempotent: true } },
      () => grpcStatus(14),
      true,
    ],
    ['gRPC INTERNAL', grpcCall, { retry: { nonIdempotent: true } }, () => grpcStatus(13), false],
    [
      'the same where it is listed',
      grpcCall,
      { retry: { nonIdempotent: true, grpcCodes: [13] } },
      () => grpcStatus(13),
      true,
    ],
    ['a grpc-status for what is not gRPC', {}, {}, () => grpcStatus(14), false],
    ['no retries allowed', {}, { retry: { attempts: 0 } }, refused, false],
  ];
  for (const [what, ask, setting, answer, retried] of rows) {
    const { leaf, send } = backendThat([answer, () => makeResponse(200)], setting);
    await send(ask).answer.catch(() => undefined);
    t.equal(leaf.calls.length, retried ? 2 : 1, what);
  }
});

test('a rule’s own retry counts, and says so for the method that it names', async (t) => {
  const rule = { retry: { attempts: 1, codes: [500], backoffMs: 10 } };
  const failing = [() => makeResponse(500), () => makeResponse(200)];
  const any = backendThat(failing, { rule });
  t.equal((await any.send().answer).status, 200);
  const post = backendThat(failing, { rule });
  t.equal((await post.send({ method: 'POST' }).answer).status, 500);
  const named = backendThat(failing, { rule: { ...rule, matches: [makeMatch({ method: 'POST' })] } });
  t.equal((await named.send({ method: 'POST' }).answer).status, 200);
  const silent = backendThat([() => makeResponse(503), () => makeResponse(200)], {
    rule: { retry: { attempts: undefined, codes: [], backoffMs: undefined } },
  });
  t.equal((await silent.send().answer).status, 200, 'what it leaves open its policy says');
});

test('after the last try its answer or failure is the request’s', async (t) => {
  const answers = backendThat([
    () => makeResponse(503, { try: '1' }),
    () => makeResponse(503, { try: 'last' }),
  ]);
  const { context, answer } = answers.send();
  t.equal((await answer).headers.get('try'), 'last');
  t.equal(answers.leaf.calls.length, 3);
  t.same(answers.retries, ['made', 'made']);
  t.equal(context.record.attempts, 3);
  const failures = backendThat([refused]);
  await t.rejects(failures.send().answer, { message: 'not reached' });
  t.equal(failures.leaf.calls.length, 3);
});

test('a retry goes elsewhere, and knows which try it is', async (t) => {
  const { leaf, send } = backendThat([() => makeResponse(503), refused, () => makeResponse(200)]);
  await send().answer;
  t.same(
    leaf.calls.map(({ context }) => [context.attempt, [...context.excluded]]),
    [
      [1, []],
      [2, ['Kubernetes//Pod/shop/pod-1']],
      [3, ['Kubernetes//Pod/shop/pod-1', 'Kubernetes//Pod/shop/pod-2']],
    ],
  );
});

test('between tries there is at least the backoff, at random more, doubled each time up to the longest', async (t) => {
  const waits = async (random: number, retry: Partial<RetrySettings>) => {
    const times: number[] = [];
    const { clock, send } = backendThat(
      [
        () => {
          times.push(clock.monotonic());
          return makeResponse(503);
        },
      ],
      { random: () => random, retry: { attempts: 4, ...retry } },
    );
    await send().answer;
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  };
  const retry = { backoffMs: 20, maximumBackoffMs: 100 };
  t.same(await waits(0, retry), [20, 20, 20, 20]);
  t.same(await waits(0.5, retry), [30, 50, 60, 60]);
  t.same(await waits(1, retry), [40, 80, 100, 100]);
  t.same(await waits(1, { backoffMs: 200, maximumBackoffMs: 100 }), [200, 200, 200, 200]);
});

test('what a backend asks for in Retry-After is waited for, up to the longest backoff', async (t) => {
  const waited = async (value: string) => {
    const { clock, send } = backendThat(
      [() => makeResponse(503, { 'retry-after': value }), () => makeResponse()],
      {
        retry: { backoffMs: 20, maximumBackoffMs: 1_500 },
      },
    );
    await send().answer;
    return clock.monotonic();
  };
  const inOneSecond = new Date(createFakeClock().now() + 1_000).toUTCString();
  t.equal(await waited('1'), 1_000);
  t.equal(await waited(inOneSecond), 1_000);
  t.equal(await waited('60'), 1_500);
  t.equal(await waited('0'), 20);
  t.equal(await waited('soon'), 20);
  t.equal(await waited('Thu, 01 Jan 1970 00:00:00 GMT'), 20);
});

test('each try has its own time', async (t) => {
  const never = (): Promise<HttpResponse> => new Promise(() => undefined);
  const rule = { retry: { attempts: 1, codes: [], backoffMs: undefined } };
  const timeouts = { requestMs: undefined, backendRequestMs: 50 };
  const { clock, leaf, send } = backendThat([never, () => makeResponse(200)], { backendRequestMs: 50, rule });
  t.equal((await send().answer).status, 200);
  t.equal(leaf.calls.length, 2);
  t.ok(leaf.calls[0]?.context.signal.aborted, 'the try that took too long is cut');
  t.notOk(leaf.calls[1]?.context.signal.aborted);
  t.equal(clock.pending, 0);
  const rows: [string, Ask, Setting, number][] = [
    ['as often as the rule says', {}, { rule: { ...rule, timeouts } }, 2],
    [
      'not for a POST, for it may have had its effect',
      { method: 'POST' },
      { rule: { ...rule, timeouts } },
      1,
    ],
    ['not where nobody asked for retries', {}, { rule: { timeouts } }, 1],
    ['but where 504 is tried again', {}, { rule: { timeouts }, retry: { codes: [504], attempts: 1 } }, 2],
  ];
  for (const [what, ask, setting, calls] of rows) {
    const always = backendThat([never], setting);
    await t.rejects(always.send(ask).answer, { code: 'ERR_WAYPOINT_TRY_TIMEOUT' }, what);
    t.equal(always.leaf.calls.length, calls, what);
  }
});

test('a body is sent again in full', async (t) => {
  const bodies: string[] = [];
  const { send } = backendThat(
    [
      async ({ request }) => {
        if (request.body.stream !== undefined) bodies.push(await text(request.body.stream));
        return bodies.length < 3 ? makeResponse(503) : makeResponse(200);
      },
    ],
    { retry: { nonIdempotent: true } },
  );
  t.equal((await send({ method: 'POST', body: bodyOf('one', 'two') }).answer).status, 200);
  t.same(bodies, ['onetwo', 'onetwo', 'onetwo']);
});

test('a body longer than what is kept is not sent again once it was read', async (t) => {
  const reading = async ({ request }: Call) => {
    if (request.body.stream !== undefined) await text(request.body.stream);
    return makeResponse(503);
  };
  const setting: Setting = { retry: { maximumBodyBytes: 5 } };
  const read = backendThat([reading], setting);
  t.equal((await read.send({ method: 'PUT', body: bodyOf('longer') }).answer).status, 503);
  t.equal(read.leaf.calls.length, 1);
  t.same(read.retries, ['body_not_kept']);
  const unread = backendThat([refused, () => makeResponse(200)], setting);
  t.equal((await unread.send({ method: 'PUT', body: bodyOf('longer') }).answer).status, 200);
});

test('the answer that is not good enough is thrown away', async (t) => {
  const small = bodyOf('sorry');
  const large = { ...bodyOf('x'), length: 1_000_000 };
  const { send } = backendThat([
    () => makeResponse(503, {}, small),
    () => makeResponse(503, {}, large),
    () => makeResponse(200),
  ]);
  t.equal((await send().answer).status, 200);
  t.ok(small.stream?.readableEnded, 'read to its end');
  t.ok(large.stream?.destroyed && !large.stream.readableEnded, 'cut');
});

test('an answer that goes on coming is not waited for', async (t) => {
  const stream = new Readable({ read: () => undefined });
  const endless = { stream, length: undefined, trailers: () => undefined };
  const { clock, send } = backendThat([() => makeResponse(503, {}, endless), () => makeResponse(200)]);
  t.equal((await send().answer).status, 200);
  await clock.advance(1_000);
  t.ok(stream.destroyed);
  t.equal(clock.pending, 0);
});

test('without budget there is no retry, and the client gets a 503', async (t) => {
  const budget = { percent: 0, minimumRetries: 0 };
  const answered = backendThat([() => makeResponse(503, { own: 'yes' })], { budget });
  t.equal((await answered.send().answer).headers.get('own'), 'yes', 'the backend’s own, where it is one');
  const cut = backendThat([reset], { budget });
  await t.rejects(cut.send().answer, { code: 'ERR_WAYPOINT_RETRY_BUDGET', cause: { message: 'cut' } });
  const other = backendThat([() => makeResponse(500)], { budget, retry: { codes: [500] } });
  await t.rejects(other.send().answer, { code: 'ERR_WAYPOINT_RETRY_BUDGET' });
  const rpc = backendThat([() => grpcStatus(14)], { budget, retry: { nonIdempotent: true } });
  t.equal((await rpc.send(grpcCall).answer).headers.get('grpc-status'), '14');
  for (const { leaf, retries } of [answered, cut, other, rpc]) {
    t.equal(leaf.calls.length, 1);
    t.same(retries, ['over_budget']);
  }
});

test('a client that has gone is not tried for again', async (t) => {
  const gone = new AbortController();
  const during = backendThat([
    () => {
      gone.abort(new Error('gone'));
      return reset();
    },
  ]);
  await t.rejects(during.send({}, gone.signal).answer, { message: 'cut' });
  t.equal(during.leaf.calls.length, 1);
  const leaving = new AbortController();
  const between = backendThat([refused], { retry: { backoffMs: 100 } });
  const { answer } = between.send({}, leaving.signal);
  await between.clock.advance(10);
  leaving.abort(new Error('gone'));
  await t.rejects(answer, { message: 'gone' });
  t.equal(between.leaf.calls.length, 1);
  t.equal(between.clock.pending, 0);
});

test('however a backend fails, retries stay within a fifth of the requests', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 100, maxLength: 300 }),
      fc.integer({ min: 1, max: 5 }),
      async (fails, attempts) => {
        const { leaf, send } = backendThat([({ context }) => answer(context.attempt)], {
          retry: { attempts, backoffMs: 5, maximumBackoffMs: 5 },
          budget: { minimumRetries: 0 },
        });
        let current = false;
        const answer = (attempt: number): Answer =>
          current && attempt <= attempts ? reset() : makeResponse();
        for (const fail of fails) {
          current = fail;
          await send().answer.catch(() => undefined);
        }
        const retries = leaf.calls.length - fails.length;
        if (retries > fails.length / 5) throw new Error(`${retries} retries for ${fails.length} requests`);
      },
    ),
    { numRuns: 20 },
  );
  t.pass();
});
