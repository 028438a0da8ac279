import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import type { ByteStream } from '../../../../src/base/index.ts';
import type { HttpBody, HttpResponse } from '../../../../src/http/index.ts';
import type { RouteTimeouts } from '../../../../src/model/index.ts';
import { parseGrpcTimeout } from '../../../../src/waypoint/layers/resilience/grpc-timeout.ts';
import { createTimeoutLayer } from '../../../../src/waypoint/layers/resilience/timeout.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../../src/waypoint/traffic/default-settings.ts';
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts';
import {
  bodyOf,
  type Call,
  type Fields,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import { echo, makeRoute, makeRule } from '../../routing/route-fixtures.ts';

interface Limits {
  readonly ofRule?: number;
  readonly ofPolicy?: number;
  readonly headers?: Fields;
  readonly method?: string;
  readonly startedMs?: number;
  readonly signal?: AbortSignal;
}

/** Sends one request through a timeout layer to a backend that answers as told. */
function send(
  clock: FakeClock,
  limits: Limits,
  answer: (call: Call) => HttpResponse | Promise<HttpResponse>,
) {
  const { ofRule, ofPolicy = 0, headers = {}, method = 'GET', ...over } = limits;
  const timeouts: RouteTimeouts = { requestMs: ofRule, backendRequestMs: undefined };
  const request = makeRequest({ headers, method });
  const settings = {
    ...DEFAULT_TRAFFIC_SETTINGS,
    timeouts: { ...DEFAULT_TRAFFIC_SETTINGS.timeouts, requestMs: ofPolicy },
  };
  const routes = createRouteTable([makeRoute({ rules: [makeRule({ timeouts })] })], echo, 80);
  const context = makeContext({ request, routes, settings }, { startedMs: clock.monotonic(), ...over });
  const leaf = recordingHandler(answer);
  return { leaf, context, answer: createTimeoutLayer({ clock })(leaf)(request, context) };
}

const never = (): Promise<HttpResponse> => new Promise(() => undefined);
const grpc: Fields = { 'content-type': 'application/grpc' };

/** How long a request to a backend that never answers is waited for; undefined: for ever. */
async function waitedMs(limits: Limits): Promise<number | undefined> {
  const clock = createFakeClock();
  const startMs = clock.monotonic();
  let failedMs: number | undefined;
  send(clock, limits, never).answer.catch((error: { code: string }) => {
    if (error.code === 'ERR_WAYPOINT_REQUEST_TIMEOUT') failedMs = clock.monotonic() - startMs;
  });
  await clock.advance(10_000_000);
  return failedMs;
}

test('the limit is the rule’s, else the policy’s, and for gRPC no longer than the client waits', async (t) => {
  const rows: [Limits, number | undefined][] = [
    [{}, undefined],
    [{ ofRule: 500 }, 500],
    [{ ofPolicy: 700 }, 700],
    [{ ofRule: 500, ofPolicy: 100 }, 500],
    [{ ofRule: 0, ofPolicy: 100 }, undefined],
    [{ method: 'POST', headers: { ...grpc, 'grpc-timeout': '2S' } }, 2_000],
    [{ ofRule: 500, method: 'POST', headers: { ...grpc, 'grpc-timeout': '2S' } }, 500],
    [{ ofRule: 0, method: 'POST', headers: { ...grpc, 'grpc-timeout': '50m' } }, 50],
    [{ ofRule: 500, headers: { 'grpc-timeout': '50m' } }, 500],
    [{ method: 'POST', headers: { ...grpc, 'grpc-timeout': 'soon' } }, undefined],
  ];
  for (const [limits, expected] of rows) t.equal(await waitedMs(limits), expected, JSON.stringify(limits));
});

test('the time counts from the first byte of the request', async (t) => {
  const clock = createFakeClock();
  await clock.advance(1_000);
  const { answer } = send(clock, { ofRule: 500, startedMs: 700 }, never);
  const failing = t.rejects(answer, { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
  await clock.advance(200);
  await failing;
  const late = send(clock, { ofRule: 500, startedMs: 0 }, never);
  await t.rejects(late.answer, { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
  t.equal(late.leaf.calls.length, 0);
});

test('what is still running then is cut, and what it brings is thrown away', async (t) => {
  const clock = createFakeClock();
  const late = Promise.withResolvers<HttpResponse>();
  const { leaf, answer } = send(clock, { ofRule: 500 }, () => late.promise);
  const failing = t.rejects(answer, { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
  await clock.advance(500);
  await failing;
  t.ok(leaf.calls[0]?.context.signal.aborted);
  const body = bodyOf('late');
  late.resolve(makeResponse(200, {}, body));
  await clock.advance(0);
  t.ok(body.stream?.destroyed);
});

test('an answer in time is left alone, and no timer stays', async (t) => {
  const clock = createFakeClock();
  const empty = await send(clock, { ofRule: 500 }, () => makeResponse(204)).answer;
  t.equal(empty.status, 204);
  t.equal(clock.pending, 0);
  const full = await send(clock, { ofRule: 500 }, () => makeResponse(200, {}, bodyOf('a', 'b'))).answer;
  t.equal(await text(full.body.stream ?? fail()), 'ab');
  await clock.advance(0);
  t.equal(clock.pending, 0);
  await t.rejects(
    send(clock, { ofRule: 500 }, () => {
      throw new Error('broken');
    }).answer,
    { message: 'broken' },
  );
  t.equal(clock.pending, 0);
});

test('a body that has not come by then is cut with the reason', async (t) => {
  const clock = createFakeClock();
  const stream = new PassThrough();
  const body: HttpBody = { stream, length: undefined, trailers: () => undefined };
  const { context, leaf, answer } = send(clock, { ofRule: 500 }, () => makeResponse(200, {}, body));
  const response = await answer;
  stream.write('part');
  const reading = t.rejects(text(response.body.stream ?? fail()), { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
  await clock.advance(500);
  await reading;
  t.equal(context.record.error?.code, 'ERR_WAYPOINT_REQUEST_TIMEOUT');
  t.ok(leaf.calls[0]?.context.signal.aborted);
});

test('a cut that nobody reads yet harms nothing', async (t) => {
  const clock = createFakeClock();
  const stream = new PassThrough();
  const body: HttpBody = { stream, length: undefined, trailers: () => undefined };
  await send(clock, { ofRule: 500 }, () => makeResponse(200, {}, body)).answer;
  await clock.advance(500);
  t.match(stream.errored, { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' });
});

test('a connection that has left HTTP lives on', async (t) => {
  const clock = createFakeClock();
  const duplex = new PassThrough();
  const tunnel: ByteStream = { duplex, reset: () => undefined, endedCleanly: false };
  const { answer, leaf } = send(clock, { ofRule: 500 }, () => ({ ...makeResponse(101), tunnel }));
  t.equal((await answer).status, 101);
  await clock.advance(1_000);
  t.notOk(leaf.calls[0]?.context.signal.aborted);
  t.notOk(duplex.destroyed);
  t.equal(clock.pending, 0);
});

test('a client that gives up is passed on', async (t) => {
  const clock = createFakeClock();
  const gone = new AbortController();
  const { leaf, answer } = send(clock, { ofRule: 500, signal: gone.signal }, ({ context }) => {
    const aborted = Promise.withResolvers<HttpResponse>();
    context.signal.addEventListener('abort', () => aborted.reject(context.signal.reason));
    return aborted.promise;
  });
  gone.abort(new Error('gone'));
  await t.rejects(answer, { message: 'gone' });
  t.ok(leaf.calls[0]?.context.signal.aborted);
  t.equal(clock.pending, 0);
});

test('grpc-timeout is a number of at most eight digits and a unit', async (t) => {
  const rows: [string | undefined, number | undefined][] = [
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['4m', 4],
    ['5u', 0.005],
    ['6n', 0.000_006],
    ['00000001S', 1_000],
    ['123456789S', undefined],
    ['1s', undefined],
    ['S', undefined],
    ['1', undefined],
    ['-1S', undefined],
    ['1S ', undefined],
    [undefined, undefined],
  ];
  for (const [value, ms] of rows) {
    const parsed = parseGrpcTimeout(value);
    t.ok(
      ms === undefined ? parsed === undefined : Math.abs((parsed ?? -1) - ms) < 1e-9,
      `${value}: ${parsed}`,
    );
  }
});

function fail(): never {
  throw new Error('expected a body, got none');
}
