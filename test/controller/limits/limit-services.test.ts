import { test } from 'tap';
import { createBackoff, systemClock } from '../../../src/base/index.ts';
import {
  type CallLimits,
  limitServices,
  registerLimitMetrics,
  resolveCallLimits,
} from '../../../src/controller/limits/index.ts';
import { createTokenBuckets } from '../../../src/controller/limits/token-buckets.ts';
import { createMetricsRegistry } from '../../../src/telemetry/index.ts';
import { type GrpcServices, WireError } from '../../../src/wire/index.ts';
import type { DeltaServerStream } from '../../../src/xds/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const CSR = { csrPem: '', ttlMs: 0, impersonated: undefined };
const REPORT = { node: 'n', generation: 1, pods: [] };
const { signal: NEVER } = new AbortController();

/** Services that count, and whose signing ends when a test says so. */
function limitedServices(limits: Partial<CallLimits> = {}, { slow = false } = {}) {
  const clock = createFakeClock();
  const signing: { readonly caller: string; end(): void }[] = [];
  const ends: { readonly caller: string; end(): void }[] = [];
  const services: GrpcServices<string> = {
    xds: (_stream, caller) => new Promise<void>((resolve) => ends.push({ caller, end: resolve })),
    async certificates(_request, caller) {
      if (slow) await new Promise<void>((resolve) => signing.push({ caller, end: resolve }));
      return { chainPem: [] };
    },
    nodeReports: async () => ({ acknowledged: true }),
    observations: async () => ({ acknowledged: 0, requestsFollowed: false, meshDashboardUrl: '' }),
  };
  const limited = limitServices(services, {
    limits: resolveCallLimits(limits),
    keyOf: (caller) => caller,
    clock,
  });
  const sign = (caller: string, signal = NEVER) => limited.services.certificates(CSR, caller, signal);
  return { ...limited, limited, clock, signing, ends, sign };
}

/** A stream that keeps what it was ended with. */
function stream(): DeltaServerStream & { readonly ended: (Error | undefined)[] } {
  const ended: (Error | undefined)[] = [];
  return {
    ended,
    requests: { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) },
    send: async () => undefined,
    end: (error) => void ended.push(error),
  };
}

const exhausted = { code: 'ERR_WIRE_EXHAUSTED', retryable: true };

test('a node gets the certificates of 200 pods at once, and one that goes on asking is told to wait', async (t) => {
  const { sign, clock, limited } = limitedServices({ certificateBurst: 200, certificatesPerSecond: 10 });
  await Promise.all(Array.from({ length: 200 }, () => sign('node-1')));
  await t.rejects(sign('node-1'), { ...exhausted, message: /^node-1 asks for more than 10 certificates/ });
  await sign('node-2');
  await clock.advance(1_000);
  for (let round = 0; round < 10; round++) await sign('node-1');
  await t.rejects(sign('node-1'), exhausted);
  const registry = createMetricsRegistry();
  registerLimitMetrics(registry, limited);
  const text = await registry.metrics();
  t.match(text, 'nodemesh_controller_refused_calls_total{call="certificate",limit="caller"} 2');
});

test('whose messages take long to read is told to wait before more of them are read, and nobody else is', async (t) => {
  const { limited, clock } = limitedServices();
  const read = async (caller: string, tookMs: number): Promise<void> => {
    const done = limited.services.admit?.(caller);
    await clock.advance(tookMs);
    done?.();
  };
  await read('node-1', 3_000);
  await read('node-1', 3_000);
  await t.rejects(read('node-1', 0), {
    ...exhausted,
    message: /^to read what node-1 sends takes more than 100 ms/,
  });
  await read('node-2', 1);
  t.same(limited.refused(), [{ call: 'reading', limit: 'caller', count: 1 }]);
  await clock.advance(60_000);
  await read('node-1', 1);
  for (let round = 0; round < 100; round++) {
    await clock.advance(1_000);
    await read('node-1', 90);
  }
});

test('whoever has many requests for certificates waiting does not hold up who has one', async (t) => {
  const { sign, signing, limited } = limitedServices({ signingConcurrency: 2 }, { slow: true });
  const many = Array.from({ length: 100 }, () => sign('greedy'));
  const one = sign('modest');
  t.equal(signing.length, 2);
  t.equal(limited.waitingForSigning, 99);
  signing[0]?.end();
  signing[1]?.end();
  await new Promise(setImmediate);
  t.same(
    signing.map(({ caller }) => caller),
    ['greedy', 'greedy', 'greedy', 'modest'],
  );
  for (let index = 0; index < 101; index++) {
    signing[index]?.end();
    await new Promise(setImmediate);
  }
  await Promise.all([...many, one]);
  t.equal(limited.waitingForSigning, 0);
});

test('a caller that has gone leaves its place, and there is a bound to those that wait', async (t) => {
  const { sign, signing, limited } = limitedServices(
    { signingConcurrency: 1, certificateBurst: 4_000 },
    { slow: true },
  );
  const first = sign('a');
  const gone = new AbortController();
  const waiting = sign('b', gone.signal);
  gone.abort(new Error('gone'));
  await t.rejects(waiting, { message: 'gone' });
  t.equal(limited.waitingForSigning, 0);
  const others = Array.from({ length: 3_000 }, (_, index) => sign(`caller-${index}`));
  await t.rejects(sign('late'), { ...exhausted, message: /3000 requests for certificates are waiting/ });
  t.same(limited.refused(), [{ call: 'certificate', limit: 'all', count: 1 }]);
  for (let index = 0; index < 3_001; index++) {
    signing[index]?.end();
    await new Promise(setImmediate);
  }
  await Promise.all([first, ...others]);
});

test("one stream too many ends the caller's oldest and nobody else's", async (t) => {
  const { services, limited, ends } = limitedServices({ streamsPerCaller: 2 });
  const streams = [stream(), stream(), stream()];
  const other = stream();
  const running = [services.xds(other, 'other'), ...streams.map((one) => services.xds(one, 'node-1'))];
  t.match(streams[0]?.ended, [{ ...exhausted, message: /node-1 has more than 2/ }]);
  t.same([streams[1]?.ended, streams[2]?.ended, other.ended], [[], [], []]);
  t.equal(limited.streams, 3);
  for (const { end } of ends) end();
  await Promise.all(running);
  t.equal(limited.streams, 0);
});

test('streams over all callers are bounded, and a caller that opens one after the other is slowed down', async (t) => {
  const { services, ends, clock } = limitedServices({ streams: 2 });
  const [a, b, c] = [stream(), stream(), stream()];
  const running = [services.xds(a, 'a'), services.xds(b, 'b'), services.xds(c, 'c')];
  t.match(c.ended, [{ ...exhausted, message: /serves 2 discovery streams/ }]);
  for (const { end } of ends) end();
  await Promise.all(running);
  for (let round = 0; round < 29; round++) {
    const opened = services.xds(stream(), 'a');
    ends.at(-1)?.end();
    await opened;
  }
  const tooMany = stream();
  await services.xds(tooMany, 'a');
  t.match(tooMany.ended, [exhausted]);
  await clock.advance(1_000);
  const fine = stream();
  const opened = services.xds(fine, 'a');
  ends.at(-1)?.end();
  await opened;
  t.same(fine.ended, []);
});

test('a node that reports its pods without end is told to wait', async (t) => {
  const { services } = limitedServices();
  const report = () => services.nodeReports(REPORT, 'node-1', NEVER);
  for (let round = 0; round < 100; round++) await report();
  await t.rejects(report(), { ...exhausted, message: /^node-1 reports its pods more than 20 times/ });
});

test('a thousand nodes that start at once all get their streams and certificates', async (t) => {
  const services: GrpcServices<string> = {
    xds: () => new Promise<void>(() => undefined),
    certificates: async () => {
      await new Promise(setImmediate);
      return { chainPem: [] };
    },
    nodeReports: async () => ({ acknowledged: true }),
    observations: async () => ({ acknowledged: 0, requestsFollowed: false, meshDashboardUrl: '' }),
  };
  const limited = limitServices(services, {
    limits: resolveCallLimits(),
    keyOf: (caller) => caller,
    clock: systemClock,
  });
  let retries = 0;
  const certificate = async (node: string): Promise<void> => {
    const backoff = createBackoff({ initialMs: 5, maximumMs: 500, jitter: 0.2 });
    for (;;) {
      try {
        await limited.services.certificates(CSR, node, NEVER);
        return;
      } catch (error) {
        if (!(error instanceof WireError) || error.code !== 'ERR_WIRE_EXHAUSTED') throw error;
        retries += 1;
        await new Promise((resolve) => setTimeout(resolve, backoff.next()));
      }
    }
  };
  const streams = Array.from({ length: 1_000 }, stream);
  await Promise.all(
    streams.map(async (one, index) => {
      void limited.services.xds(one, `node-${index}`);
      await Promise.all(Array.from({ length: 20 }, () => certificate(`node-${index}`)));
    }),
  );
  t.equal(limited.streams, 1_000);
  t.equal(streams.filter(({ ended }) => ended.length > 0).length, 0);
  t.ok(retries > 0, 'some had to ask again');
});

test('buckets of callers that have gone are forgotten', (t) => {
  const buckets = createTokenBuckets({ perSecond: 1, burst: 1, clock: createFakeClock(), maxKeys: 3 });
  for (const key of ['a', 'b', 'c', 'a', 'd']) buckets.take(key);
  t.equal(buckets.size, 3);
  t.notOk(buckets.take('a'), 'it was used after b');
  t.ok(buckets.take('b'), 'it was forgotten');
  t.end();
});
