import fc from 'fast-check';
import {
  type AdmissionKind,
  type AdmissionObject,
  extensionKey,
  type FaultAbort,
  type FaultInjection,
  type Filter,
  type HeaderCondition,
  type LimitKeyPart,
  type RateLimit,
  type RequestCondition,
  serviceKey,
  type WaypointResource,
} from '../../../src/model/index.ts';
import { attachments } from './traffic-arbitraries.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const count = fc.integer({ min: 1, max: 2 ** 40 });
const port = fc.integer({ min: 1, max: 65535 });
const status = fc.integer({ min: 200, max: 599 });
const few = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

function objects(kind: AdmissionKind): fc.Arbitrary<AdmissionObject> {
  return fc
    .record({
      namespace: word,
      name: word,
      createdMs: fc.constantFrom(Number.POSITIVE_INFINITY, 1_700_000_000_123),
      attachments: few(attachments),
    })
    .map((head) => ({ ...head, key: extensionKey(kind, head.namespace, head.name) }));
}

const headers: fc.Arbitrary<HeaderCondition> = fc.oneof(
  fc.record({ kind: fc.constant('exact' as const), name: word, value: text }),
  fc.record({ kind: fc.constant('regex' as const), name: word, value: text }),
  fc.record({ kind: fc.constant('present' as const), name: word }),
  fc.record({ kind: fc.constant('absent' as const), name: word }),
);

const conditions: fc.Arbitrary<RequestCondition> = fc.record({
  path: maybe(fc.record({ kind: fc.constantFrom('exact', 'prefix', 'regex'), value: text })),
  method: maybe(word),
  headers: few(headers),
  client: maybe(fc.record({ namespace: word, serviceAccount: maybe(word) })),
});

const keyParts: fc.Arbitrary<LimitKeyPart> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('identity', 'namespace', 'address', 'service', 'method', 'path'),
  }),
  fc.record({ kind: fc.constant('header' as const), name: word }),
);

export const rateLimits: fc.Arbitrary<RateLimit> = joined(
  objects('RateLimit'),
  fc.record({
    rules: few(
      fc.record({
        name: word,
        conditions: few(conditions),
        limits: few(fc.record({ requests: count, intervalMs: count, burst: count, per: few(keyParts) })),
      }),
    ),
    shared: maybe(
      fc.record({
        server: fc.oneof(
          fc.record({
            kind: fc.constant('service' as const),
            service: fc.tuple(word, word).map(([namespace, host]) => serviceKey(namespace, host)),
            port,
          }),
          fc.record({ kind: fc.constant('host' as const), host: word, port }),
        ),
        timeoutMs: count,
        failure: fc.constantFrom('open', 'closed'),
        username: maybe(text),
        passwordFile: maybe(text),
      }),
    ),
    announced: fc.boolean(),
  }),
);

const shares = fc.record({ numerator: fc.nat(100), denominator: fc.integer({ min: 1, max: 100 }) });

const aborts: fc.Arbitrary<FaultAbort> = fc
  .record({ share: shares, status: maybe(status), grpcStatus: maybe(fc.nat(16)) })
  .filter((abort) => abort.status !== undefined || abort.grpcStatus !== undefined);

export const faultInjections: fc.Arbitrary<FaultInjection> = joined(
  objects('FaultInjection'),
  fc.record({
    rules: few(
      fc.record({
        name: word,
        conditions: few(conditions),
        delay: maybe(fc.record({ share: shares, delayMs: count })),
        abort: maybe(aborts),
      }),
    ),
    maximumActive: fc.nat(10_000),
  }),
);

export const filters: fc.Arbitrary<Filter> = joined(
  objects('Filter'),
  fc.record({
    source: fc.oneof(
      fc.record({ kind: fc.constant('text' as const), text }),
      fc.record({ kind: fc.constant('missing' as const), message: text }),
    ),
    config: fc.json(),
    timeLimitMs: count,
    memoryBytes: count,
    failure: fc.constantFrom('open', 'closed'),
    body: fc.record({ request: fc.boolean(), response: fc.boolean(), maximumBytes: count }),
  }),
);

export const admissionResources: fc.Arbitrary<WaypointResource> = fc.oneof(
  rateLimits.map((limit) => ({ kind: 'rate-limit' as const, limit })),
  faultInjections.map((fault) => ({ kind: 'fault-injection' as const, fault })),
  filters.map((filter) => ({ kind: 'filter' as const, filter })),
);

function joined<A extends object, B extends object>(
  a: fc.Arbitrary<A>,
  b: fc.Arbitrary<B>,
): fc.Arbitrary<A & B> {
  return fc.tuple(a, b).map(([first, second]) => ({ ...first, ...second }));
}
