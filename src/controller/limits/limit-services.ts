import type { Clock } from '../../base/index.ts';
import { type GrpcServices, WireError } from '../../wire/index.ts';
import type { CallLimits } from './call-limits.ts';
import { createStreamSlots } from './stream-slots.ts';
import { createTokenBuckets } from './token-buckets.ts';
import { createWorkGate } from './work-gate.ts';

/** What is counted of calls that are refused. */
export type LimitedCall = 'certificate' | 'stream' | 'node-report' | 'reading';

/** The services behind their limits, with what these have seen. */
export interface LimitedServices<Caller> {
  readonly services: GrpcServices<Caller>;
  /** Refused since the start, each with the limit that was reached: `caller` or `all`. */
  refused(): readonly {
    readonly call: LimitedCall;
    readonly limit: 'caller' | 'all';
    readonly count: number;
  }[];
  /** Requests for certificates that wait for their turn. */
  readonly waitingForSigning: number;
  /** Discovery streams that are open. */
  readonly streams: number;
}

/**
 * Puts the limits before the services. What one caller does too much of is refused to that caller alone; it is told with
 * RESOURCE_EXHAUSTED, after which proxies wait longer each time before they ask again.
 */
export function limitServices<Caller>(
  services: GrpcServices<Caller>,
  options: {
    readonly limits: CallLimits;
    /** Whose calls count together. */
    readonly keyOf: (caller: Caller) => string;
    readonly clock: Clock;
  },
): LimitedServices<Caller> {
  const { limits, keyOf, clock } = options;
  const signing = createTokenBuckets({
    perSecond: limits.certificatesPerSecond,
    burst: limits.certificateBurst,
    clock,
  });
  const gate = createWorkGate({
    concurrency: limits.signingConcurrency,
    maxWaiting: WAITING_FOR_SIGNING,
    maxWaitingPerCaller: limits.certificateBurst,
  });
  const slots = createStreamSlots({ perCaller: limits.streamsPerCaller, all: limits.streams });
  const opening = createTokenBuckets({ perSecond: OPENED_PER_SECOND, burst: OPENED_AT_ONCE, clock });
  const reporting = createTokenBuckets({
    perSecond: limits.reportsPerSecond,
    burst: REPORTED_AT_ONCE,
    clock,
  });
  const reading = createTokenBuckets({ perSecond: READING_MS_PER_SECOND, burst: READING_MS_AT_ONCE, clock });
  const counts = new Map<
    string,
    { readonly call: LimitedCall; readonly limit: 'caller' | 'all'; count: number }
  >();

  const refusal = (call: LimitedCall, limit: 'caller' | 'all', message: string): WireError => {
    const entry = counts.get(`${call} ${limit}`) ?? { call, limit, count: 0 };
    counts.set(`${call} ${limit}`, entry);
    entry.count += 1;
    return new WireError({
      code: 'ERR_WIRE_EXHAUSTED',
      blame: 'downstream',
      message,
      hint: 'it is tried again by itself; docs/config.md has the limits of the controller',
      retryable: true,
    });
  };

  return {
    services: {
      callerKey: keyOf,
      admit(caller) {
        const key = keyOf(caller);
        if (!reading.has(key))
          throw refusal(
            'reading',
            'caller',
            `to read what ${key} sends takes more than ${READING_MS_PER_SECOND} ms of each second`,
          );
        const beganMs = clock.monotonic();
        return () => reading.spend(key, clock.monotonic() - beganMs);
      },
      async xds(stream, caller) {
        const key = keyOf(caller);
        if (!opening.take(key)) {
          stream.end(
            refusal(
              'stream',
              'caller',
              `${key} opens more than ${OPENED_PER_SECOND} discovery streams a second`,
            ),
          );
          return;
        }
        const release = slots.take(key, () =>
          stream.end(
            refusal('stream', 'caller', `${key} has more than ${limits.streamsPerCaller} discovery streams`),
          ),
        );
        if (release === undefined) {
          stream.end(
            refusal('stream', 'all', `the controller serves ${limits.streams} discovery streams and no more`),
          );
          return;
        }
        try {
          await services.xds(stream, caller);
        } finally {
          release();
        }
      },
      async certificates(request, caller, signal) {
        const key = keyOf(caller);
        if (!signing.take(key)) {
          const { certificatesPerSecond } = limits;
          throw refusal(
            'certificate',
            'caller',
            `${key} asks for more than ${certificatesPerSecond} certificates a second`,
          );
        }
        const signed = gate.run(key, signal, () => services.certificates(request, caller, signal));
        if (signed === undefined)
          throw refusal(
            'certificate',
            'all',
            `${gate.waiting} requests for certificates are waiting already`,
          );
        return signed;
      },
      async nodeReports(report, caller, signal) {
        const key = keyOf(caller);
        if (!reporting.take(key)) {
          const { reportsPerSecond } = limits;
          throw refusal(
            'node-report',
            'caller',
            `${key} reports its pods more than ${reportsPerSecond} times a second`,
          );
        }
        return services.nodeReports(report, caller, signal);
      },
      // It counts the reports of each proxy itself: some are taken, and only what repeats itself is refused.
      observations: services.observations,
    },
    refused: () => [...counts.values()],
    get waitingForSigning() {
      return gate.waiting;
    },
    get streams() {
      return slots.size;
    },
  };
}

/** Signing takes a millisecond or two, and callers wait for ten seconds. */
const WAITING_FOR_SIGNING = 3_000;
/** Proxies that cannot connect begin with a dozen attempts within fifteen seconds. */
const OPENED_AT_ONCE = 30;
const OPENED_PER_SECOND = 1;
const REPORTED_AT_ONCE = 100;
/** A full report of a proxy takes some tenths of a second to read; after a restart of the controller there are several in a row. */
const READING_MS_AT_ONCE = 5_000;
const READING_MS_PER_SECOND = 100;
