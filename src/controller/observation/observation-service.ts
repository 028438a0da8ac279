import type { Clock, Logger } from '../../base/index.ts';
import {
  KEPT_MS,
  type ObservationReceipt,
  type ObservationReport,
  type ProxyDiscovery,
  type ProxyState,
  type WorkloadView,
} from '../../model/index.ts';
import type { ObservationStore } from '../../telemetry/index.ts';
import { ControllerError } from '../errors.ts';
import { createProxyClocks } from './proxy-clocks.ts';
import { agreedReceipt, type ObservationRelay } from './relay/index.ts';
import { checkReporters, checkWaypoint, notItsOwn } from './report-checks.ts';
import { accountOf, type Caller } from '../tokens/index.ts';

/** Where reports go, and whose they may be. */
export interface ObservationServiceOptions {
  /** Where all of it comes together. */
  readonly store: ObservationStore;
  /** What a caller is called as a proxy: `ztunnel/<node>`. Undefined for who is none. Throws ControllerError. */
  readonly nameOf: (caller: Caller) => string | undefined;
  /** Where people find the dashboard of the whole mesh; proxies are told. Default: they are not. */
  readonly dashboardUrl?: string | undefined;
  /** How we stand with a proxy; undefined where it has no stream to us. */
  readonly discoveryOf: (proxy: string) => ProxyDiscovery | undefined;
  /** To the other controllers. Default: there are none. */
  readonly relay?: ObservationRelay | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Takes what proxies have seen, each of itself alone, and adds it up to what the mesh has seen. */
export interface ObservationService {
  /**
   * A report is taken when it begins where the last one of the same instance ended; else the receipt tells where to begin, so
   * that one that was sent twice counts once. The other controllers are told as well, with the caller's `token`, and the receipt
   * is what is good for all of them. Rejects with ControllerError ERR_CONTROLLER_SCOPE, ERR_CONTROLLER_REPORT,
   * ERR_CONTROLLER_REPORT_RATE.
   */
  report(report: ObservationReport, caller: Caller, token?: string): Promise<ObservationReceipt>;
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
  /** How another controller stands with it, and when it said so; undefined where none does. */
  readonly told: ToldDiscovery | undefined;
}

/** How another controller stands with a proxy. */
export interface ToldDiscovery {
  readonly discovery: ProxyDiscovery;
  /** The controller that was asked; empty: one that passed a report on. */
  readonly by: string;
  readonly atMs: number;
}

interface Known extends ReportedProxy {
  /** Up to where each of its last processes is known: one that ends and one that begins report side by side for a while. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** When it last reported, by the clock that never jumps. */
  readonly atMs: number;
  /** Reports that may come at once. */
  readonly allowance: number;
}

/** Rejects with ControllerError what a proxy says of others. Proxies that fall silent are forgotten after a while. */
export function createObservationService(options: ObservationServiceOptions): ObservationService {
  const { store, clock, log, dashboardUrl: meshDashboardUrl = '' } = options;
  const known = new Map<string, Known>();
  const clocks = createProxyClocks(log);

  let expiredMs = Number.NEGATIVE_INFINITY;
  const expire = (nowMs: number): void => {
    if (nowMs < expiredMs + EXPIRE_EVERY_MS) return;
    expiredMs = nowMs;
    for (const [proxy, { atMs }] of known) {
      if (atMs >= nowMs - KEPT_MS) continue;
      known.delete(proxy);
      clocks.forget(proxy);
    }
  };

  const take = (report: ObservationReport, caller: Caller): ObservationReceipt => {
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
      told: before?.told,
    });
    return { acknowledged, requestsFollowed: store.isFollowed, meshDashboardUrl };
  };

  const noteTold = (proxy: string, discovery: ProxyDiscovery | undefined, by: string): void => {
    const now = known.get(proxy);
    if (now === undefined) return;
    known.set(proxy, { ...now, told: discovery && { discovery, by, atMs: clock.now() } });
  };

  /** Its stream and its reports may go to different controllers, so that one knows it from the report and one from the answer. */
  const tellOthers = async (
    report: ObservationReport,
    relay: ObservationRelay,
    token: string,
  ): Promise<readonly ObservationReceipt[]> => {
    const { proxy, state } = report;
    const own = state && options.discoveryOf(proxy);
    const told = state && known.get(proxy)?.told;
    const answers = await relay.relay(
      report,
      token,
      // Who told it knows better when that is over.
      (controller) => own ?? (told?.by === controller ? undefined : told?.discovery),
    );
    if (state !== undefined && answers.length > 0) {
      const knowing = answers.find(({ receipt }) => receipt.discovery !== undefined);
      noteTold(proxy, knowing?.receipt.discovery, knowing?.controller ?? '');
    }
    return answers.map(({ receipt }) => receipt);
  };

  return {
    async report(report, caller, token = '') {
      const own = take(report, caller);
      const { proxy, state, relay } = report;
      if (relay === undefined)
        return options.relay === undefined
          ? own
          : agreedReceipt(own, await tellOthers(report, options.relay, token));
      // How things are is told every few seconds, and that goes with it.
      if (state === undefined) return own;
      noteTold(proxy, relay.discovery, '');
      return { ...own, discovery: options.discoveryOf(proxy) };
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

function tooOften(proxy: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_REPORT_RATE',
    blame: 'downstream',
    message: `${proxy} reports more often than ${REPORTS_PER_SECOND} times a second`,
    retryable: true,
  });
}

const EXPIRE_EVERY_MS = 1_000;
const REPORTS_PER_SECOND = 5;
/** Reports of a proxy that catches up come one after the other. */
const MOST_AT_ONCE = 50;
const MOST_INSTANCES = 4;
