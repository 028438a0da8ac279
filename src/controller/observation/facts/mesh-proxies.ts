import { CLOCK_APART_MS, clockDifference, type ProxyView } from '../../../model/index.ts';
import type { ConnectedProxy, ProxyTypeStatus } from '../../../xds/index.ts';
import type { ReportedProxy } from '../observation-service.ts';

/** Proxies that are connected, and those that have been within the last fifteen minutes. */
export function meshProxies(
  connected: readonly ConnectedProxy[],
  reported: ReadonlyMap<string, ReportedProxy>,
  /** Of a waypoint's pod, by `namespace/name`; empty for one that is not known. */
  nodeOfPod: (pod: string) => string,
  nowMs: number,
): readonly ProxyView[] {
  const nodeOf = (id: string): string =>
    id.startsWith('ztunnel/') ? id.slice('ztunnel/'.length) : nodeOfPod(id.replace(/^waypoint\//, ''));
  const streams = Map.groupBy(
    connected.filter(({ name }) => name !== ''),
    ({ name }) => name,
  );
  const views = [...streams].map(([id, own]) => ({
    ...connectedView(id, own, reported.get(id), nowMs),
    node: nodeOf(id),
  }));
  const gone = [...reported].filter(([id]) => !streams.has(id));
  return [...views, ...gone.map(([id, last]) => ({ ...goneView(id, last, nowMs), node: nodeOf(id) }))];
}

function connectedView(
  id: string,
  streams: readonly ConnectedProxy[],
  last: ReportedProxy | undefined,
  nowMs: number,
): Omit<ProxyView, 'node'> {
  const types = streams.flatMap((stream) => stream.types);
  const times = streams.flatMap(({ pushTimesMs }) => pushTimesMs).sort((a, b) => a - b);
  return {
    ...nameParts(id),
    // What it reports is newer than what it said when it connected.
    version: last?.version ?? streams.find(({ version }) => version !== '')?.version ?? '',
    connectedMs: Math.min(...streams.map(({ connectedAtMs }) => connectedAtMs)),
    ...judge(types, last, nowMs),
    types: types.map((type) => ({
      typeUrl: type.typeUrl,
      sent: type.sentVersion,
      acknowledged: type.acknowledgedVersion,
      rejected: isRejecting(type) ? `${type.lastRejection?.version}: ${type.lastRejection?.message}` : '',
      acknowledgedMs: type.lastAcknowledgedAtMs ?? 0,
    })),
    pushP50Ms: quantile(times, 0.5),
    pushP99Ms: quantile(times, 0.99),
    lastReportMs: last?.lastReportMs ?? 0,
    clockAheadMs: last?.clockAheadMs,
    dashboardUrl: last?.dashboardUrl ?? '',
  };
}

function goneView(id: string, last: ReportedProxy, nowMs: number): Omit<ProxyView, 'node'> {
  const seconds = Math.round((nowMs - last.lastReportMs) / 1_000);
  return {
    ...nameParts(id),
    version: last.version,
    connectedMs: 0,
    state: 'gone',
    reason: `not connected; it last reported ${seconds} s ago`,
    types: [],
    pushP50Ms: undefined,
    pushP99Ms: undefined,
    lastReportMs: last.lastReportMs,
    clockAheadMs: last.clockAheadMs,
    // A node that is gone shows nothing either.
    dashboardUrl: '',
  };
}

function judge(
  types: readonly ProxyTypeStatus[],
  last: ReportedProxy | undefined,
  nowMs: number,
): Pick<ProxyView, 'state' | 'reason'> {
  const rejecting = types.find(isRejecting);
  if (rejecting !== undefined)
    return { state: 'rejecting', reason: `${shortName(rejecting)}: ${rejecting.lastRejection?.message}` };
  const behind = types.find(
    ({ behindSinceMs }) => behindSinceMs !== undefined && nowMs - behindSinceMs > STALE_AFTER_MS,
  );
  if (behind !== undefined) {
    const seconds = Math.round((nowMs - (behind.behindSinceMs ?? nowMs)) / 1_000);
    return { state: 'stale', reason: `${shortName(behind)} not acknowledged for ${seconds} s` };
  }
  // It still gets news, but nobody knows how it is; a stock proxy never reports.
  if (last !== undefined && nowMs - last.lastReportMs > SILENT_AFTER_MS)
    return { state: 'stale', reason: `no report for ${Math.round((nowMs - last.lastReportMs) / 1_000)} s` };
  // It has all that it was sent, and will not be able to use the certificates that it gets.
  const aheadMs = last?.clockAheadMs ?? 0;
  if (Math.abs(aheadMs) < CLOCK_APART_MS) return { state: 'current', reason: '' };
  return { state: 'current', reason: `its clock is ${clockDifference(aheadMs)} the controller's` };
}

function isRejecting({ lastRejection, lastAcknowledgedAtMs }: ProxyTypeStatus): boolean {
  return lastRejection !== undefined && lastRejection.atMs >= (lastAcknowledgedAtMs ?? 0);
}

function shortName({ typeUrl }: ProxyTypeStatus): string {
  return typeUrl.replace(/^.*\//, '');
}

function nameParts(id: string): Pick<ProxyView, 'id' | 'kind'> {
  return { id, kind: id.startsWith('waypoint/') ? 'waypoint' : 'ztunnel' };
}

function quantile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))];
}

const STALE_AFTER_MS = 5_000;
const SILENT_AFTER_MS = 45_000;
