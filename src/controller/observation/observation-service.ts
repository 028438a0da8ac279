import type { Clock, Logger } from '../../base/index.ts';
import {
  KEPT_MS,
  type ObservationReceipt,
  type ObservationReport,
  type ProxyState,
  type TrafficEdge,
  type WorkloadView,
} from '../../model/index.ts';
import type { ObservationStore } from '../../telemetry/index.ts';
import { ControllerError } from '../errors.ts';
import { createProxyClocks } from './proxy-clocks.ts';
import { accountOf, type Caller } from '../tokens/index.ts';

export interface ObservationServiceOptions {
  /** Where all of it comes together. */
  readonly store: ObservationStore;
  /** What a caller is called as a proxy: `ztunnel/<node>`. Undefined for who is none. Throws ControllerError. */
  readonly nameOf: (caller: Caller) => string | undefined;
  /** Where people find the dashboard of the whole mesh; proxies are told. Default: they are not. */
  readonly dashboardUrl?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes what proxies have seen, each of itself alone, and adds it up to what the mesh has seen. */
export interface ObservationService {
  /**
   * A report is taken when it begins where the last one of the same instance ended; else the receipt tells where to begin, so
   * that one that was sent twice counts once. Throws ControllerError ERR_CONTROLLER_SCOPE, ERR_CONTROLLER_REPORT,
   * ERR_CONTROLLER_REPORT_RATE.
   */
  report(report: ObservationReport, caller: Caller): Promise<ObservationReceipt>;
  /** Who has reported within the last fifteen minutes. */
  proxies(): ReadonlyMap<string, ReportedProxy>;
}

/** What a proxy said last. */
export interface ReportedProxy {
  readonly version: string;
  readonly lastReportMs: number;
  /** How far its clock was ahead of ours then, in milliseconds. */
  readonly clockAheadMs: number;
  /** Empty: nobody was told. */
  readonly dashboardUrl: string;
  readonly state: ProxyState | undefined;
  readonly workloads: ReadonlyMap<string, WorkloadView>;
}

interface Known extends ReportedProxy {
  /** Up to where each of its last processes is known: one that ends and one that begins report side by side for a while. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** When it last reported, by the clock that never jumps. */
  readonly atMs: number;
  /** Reports that may come at once. */
  readonly allowance: number;
}

export function createObservationService(options: ObservationServiceOptions): ObservationService {
  const { store, clock, log, dashboardUrl: meshDashboardUrl = '' } = options;
  const known = new Map<string, Known>();
  const clocks = createProxyClocks(log);

  const expire = (nowMs: number): void => {
    for (const [proxy, { atMs }] of known) {
      if (atMs >= nowMs - KEPT_MS) continue;
      known.delete(proxy);
      clocks.forget(proxy);
    }
  };

  return {
    async report(report, caller) {
      const { proxy, instance, version, dashboardUrl, batch, state } = report;
      const name = options.nameOf(caller);
      if (name !== proxy) throw notItsOwn(report, name ?? accountOf(caller));
      checkReporters(report);
      checkWaypoint(report);
      const nowMs = clock.monotonic();
      expire(nowMs);
      const before = known.get(proxy);
      const allowance = allowanceAt(before, nowMs);
      if (allowance < 1) throw tooOften(proxy);
      const last = before?.acknowledged.get(instance) ?? 0;
      const isNext = batch.from === last;
      if (isNext) store.ingest(batch, proxy);
      else log.debug('observations begin elsewhere', { proxy, from: batch.from, last });
      for (const request of report.requests) store.requestEnded(request);
      const acknowledged = isNext ? batch.upTo : last;
      const clockAheadMs = report.sentMs - clock.now();
      clocks.note(proxy, clockAheadMs);
      known.set(proxy, {
        version,
        acknowledged: withNewest(before?.acknowledged ?? new Map(), instance, acknowledged),
        lastReportMs: clock.now(),
        clockAheadMs,
        atMs: nowMs,
        dashboardUrl,
        allowance: allowance - 1,
        state: state ?? before?.state,
        workloads:
          state === undefined
            ? (before?.workloads ?? new Map())
            : new Map(state.workloads.map((workload) => [workload.uid, workload])),
      });
      return { acknowledged, requestsFollowed: store.isFollowed, meshDashboardUrl };
    },
    proxies: () => known,
  };
}

function withNewest(
  before: ReadonlyMap<string, number>,
  instance: string,
  acknowledged: number,
): ReadonlyMap<string, number> {
  const others = [...before].filter(([other]) => other !== instance);
  return new Map([...others.slice(1 - MOST_INSTANCES), [instance, acknowledged]]);
}

/** A bucket that fills as time goes by. */
function allowanceAt(known: Known | undefined, nowMs: number): number {
  if (known === undefined) return MOST_AT_ONCE;
  const refilled = ((nowMs - known.atMs) / 1_000) * REPORTS_PER_SECOND;
  return Math.min(MOST_AT_ONCE, known.allowance + refilled);
}

/** A node sees the ends of a connection, and a waypoint its own part. */
function checkReporters({ proxy, batch }: ObservationReport): void {
  const isWaypoint = proxy.startsWith('waypoint/');
  const isPossible = (reporter: TrafficEdge['reporter']): boolean => (reporter === 'waypoint') === isWaypoint;
  const reporters = [
    ...batch.slots.map(({ edge }) => edge.reporter),
    ...batch.refusals.map(({ reporter }) => reporter),
    ...batch.flows.map(({ reporter }) => reporter),
  ];
  const foreign = reporters.find((reporter) => !isPossible(reporter));
  if (foreign === undefined) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_REPORT',
    blame: 'downstream',
    message: `${proxy} cannot have seen traffic as its ${foreign}: expected ${isWaypoint ? 'waypoint' : 'source or destination'}`,
  });
}

/** A waypoint is believed before all others, so it may speak for what is of its own namespace alone. */
function checkWaypoint({ proxy, batch, state }: ObservationReport): void {
  const [kind, namespace] = proxy.split('/');
  if (kind !== 'waypoint') return;
  const named = [
    ...batch.slots.map(({ edge }) => edge.waypoint),
    ...batch.flows.map(({ waypoint }) => waypoint),
    ...(state?.waypoint === undefined ? [] : [`${state.waypoint.namespace}/${state.waypoint.name}`]),
  ];
  const foreign = named.find((waypoint) => !waypoint.startsWith(`${namespace}/`));
  if (foreign === undefined) return;
  throw new ControllerError({
    code: 'ERR_CONTROLLER_REPORT',
    blame: 'downstream',
    message: `${proxy} cannot speak for the waypoint ${foreign || 'without a name'}: expected one of the namespace ${namespace}`,
  });
}

function notItsOwn({ proxy }: ObservationReport, caller: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_SCOPE',
    blame: 'downstream',
    message: `expected what ${caller} has seen itself, got what ${proxy} has seen`,
  });
}

function tooOften(proxy: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_REPORT_RATE',
    blame: 'downstream',
    message: `${proxy} reports more often than ${REPORTS_PER_SECOND} times a second`,
    retryable: true,
  });
}

const REPORTS_PER_SECOND = 5;
/** Reports of a proxy that catches up come one after the other. */
const MOST_AT_ONCE = 50;
const MOST_INSTANCES = 4;
