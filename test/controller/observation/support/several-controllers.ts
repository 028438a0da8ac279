import { silentLogger } from '../../../../src/base/index.ts';
import {
  createObservationRelay,
  createObservationService,
  type ObservationService,
} from '../../../../src/controller/observation/index.ts';
import type { ObservationPeer } from '../../../../src/controller/observation/relay/observation-relay.ts';
import {
  KEPT_MS,
  type ObservationReceipt,
  type ObservationReport,
  type ProxyDiscovery,
} from '../../../../src/model/index.ts';
import { createObservationReporter, type ObservationReporter } from '../../../../src/proxy/index.ts';
import { createObservationStore, type ObservationStore } from '../../../../src/telemetry/index.ts';
import { WireError } from '../../../../src/wire/index.ts';
import {
  decodeObservationReceipt,
  decodeObservationReport,
  encodeObservationReceipt,
  encodeObservationReport,
} from '../../../../src/wire/message/observation/report-message.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { edge, flow, refusal, shop, span } from '../../../telemetry/observation/observed-traffic.ts';

/** What happens to a call on its way: nothing, it never arrives, its answer does not, or it arrives after everybody gave up. */
export type Fate = 'arrives' | 'lost' | 'unanswered' | 'late';

/** What was seen by one process of a proxy, as it is or as a controller knows it. */
export interface Seen {
  readonly opened: number;
  readonly refusals: number;
  readonly flows: number;
  readonly spans: number;
}

export interface SimulatedController {
  readonly service: ObservationService;
  readonly store: ObservationStore;
}

export interface SimulatedProcess {
  readonly id: string;
  readonly proxy: string;
  readonly store: ObservationStore;
  readonly reporter: ObservationReporter;
  seen: number;
}

/** Controllers and proxies with all of their own code between, but for the network. */
export function simulateControllers(count: number) {
  const clock = createFakeClock();
  const away = new Set<number>();
  const fates: Fate[] = [];
  /** Streams that proxies have, by name, with each controller. */
  const streams = Array.from({ length: count }, () => new Map<string, ProxyDiscovery>());
  /** Reports that a controller cannot read. */
  const unreadable = Array.from(
    { length: count },
    () =>
      (_report: ObservationReport): boolean =>
        false,
  );
  const connectedTo = new Map<string, number>();
  const received = Array.from({ length: count }, (): ObservationReport[] => []);
  let processes = 0;

  const open = (index: number): SimulatedController => {
    const store = createObservationStore({ proxy: 'controller', clock, limits: MANY });
    const peers = {
      current: () =>
        new Map(
          controllers.flatMap((_, other): [string, ObservationPeer][] =>
            other === index
              ? []
              : [[`controller-${other}`, { relayObservations: (report) => call(other, report) }]],
          ),
        ),
    };
    const service = createObservationService({
      store,
      nameOf: ({ pod }) => pod,
      discoveryOf: (proxy) => streams[index]?.get(proxy),
      relay: createObservationRelay({ peers, clock, log: silentLogger }),
      clock,
      log: silentLogger,
    });
    return { store, service };
  };

  const failure = (code: 'ERR_WIRE_UNAVAILABLE' | 'ERR_WIRE_INVALID_REQUEST'): WireError =>
    new WireError({ code, blame: 'upstream', message: 'no', retryable: true });

  /** As over the wire. */
  const call = async (index: number, sent: ObservationReport): Promise<ObservationReceipt> => {
    const controller = controllers[index];
    const fate = fates.shift() ?? 'arrives';
    if (controller === undefined || away.has(index) || fate === 'lost') throw failure('ERR_WIRE_UNAVAILABLE');
    const report = decodeObservationReport(encodeObservationReport(sent));
    if (unreadable[index]?.(report)) throw failure('ERR_WIRE_INVALID_REQUEST');
    received[index]?.push(report);
    const answer = () =>
      controller.service.report(report, {
        ...{ namespace: 'nodemesh-system', serviceAccount: 'ztunnel', podUid: '', node: '' },
        pod: report.proxy,
      });
    if (fate === 'late') {
      clock.after(700, () => void answer().catch(() => undefined));
      throw failure('ERR_WIRE_UNAVAILABLE');
    }
    const receipt = decodeObservationReceipt(encodeObservationReceipt(await answer()));
    if (fate === 'unanswered') throw failure('ERR_WIRE_UNAVAILABLE');
    return receipt;
  };

  const observeOne = (process: SimulatedProcess): void => {
    const { store, id } = process;
    process.seen += 1;
    store.count(edge({ source: shop(id) }), { opened: 1 });
    store.refused(refusal({ atMs: clock.now(), source: shop(id) }));
    store.flow(flow({ source: shop(id) }));
    store.span(span({ traceId: id, spanId: `${process.seen}` }));
  };

  const controllers: SimulatedController[] = [];
  for (let index = 0; index < count; index++) controllers.push(open(index));

  return {
    clock,
    controllers,
    /** What happens to the next calls, of proxies and of controllers. */
    fates,
    away,
    streams,
    unreadable,
    received,
    connectedTo,
    restart(index: number): void {
      controllers[index] = open(index);
    },
    /** `isOlder`: of a version that knows nothing of several controllers. */
    start(proxy: string, isOlder = false): SimulatedProcess {
      processes += 1;
      const store = createObservationStore({ proxy, clock, limits: MANY });
      const reporter = createObservationReporter({
        proxy,
        version: '0.1.0',
        store,
        state: () => ({ workloads: [], certificates: [], policies: [], waypoint: undefined }),
        async send(report) {
          const receipt = await call(connectedTo.get(proxy) ?? 0, report);
          return isOlder ? { ...receipt, nextUpTo: undefined } : receipt;
        },
        clock,
        random: () => 0.5,
      });
      reporter.start();
      return { id: `process-${processes}`, proxy, store, reporter, seen: 0 };
    },
    /** So many connections, refusals, requests and spans. */
    observe(process: SimulatedProcess, times: number): void {
      for (let time = 0; time < times; time++) observeOne(process);
    },
    /** What a controller knows of what a process has seen. */
    known({ store }: SimulatedController, { id }: SimulatedProcess): Seen {
      const all = { windowMs: KEPT_MS, limit: 10_000 };
      const isOwn = ({ source }: { readonly source: { readonly workload: string } }): boolean =>
        source.workload === id;
      const { slots } = store.since(0, 100_000);
      return {
        opened: slots.filter(({ edge }) => isOwn(edge)).reduce((sum, { counts }) => sum + counts.opened, 0),
        refusals: store.refusals(all).filter(isOwn).length,
        flows: store
          .flows(all)
          .filter(isOwn)
          .reduce((sum, one) => sum + one.count, 0),
        spans: store.trace(id).length,
      };
    },
  };
}

/** Nothing is forgotten for want of room. */
const MANY = { refusals: 40_000, spans: 40_000 };
