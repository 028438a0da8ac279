import {
  CLOCK_APART_MS,
  clockDifference,
  type ProxyDiscovery,
  type ProxyDiscoveryType,
  type ProxyView,
} from '../../../model/index.ts';
import type { ConnectedProxy } from '../../../xds/index.ts';
import type { ReportedProxy } from '../observation-service.ts';
import { discoveryOf } from '../proxy-discovery.ts';

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
  return [...new Set([...streams.keys(), ...reported.keys()])].flatMap((id) => {
    const last = reported.get(id);
    const discovery = newest(discoveryOf(streams.get(id) ?? [], nowMs), stillTold(last, nowMs));
    if (discovery !== undefined) return [{ ...connectedView(id, discovery, last, nowMs), node: nodeOf(id) }];
    return last === undefined ? [] : [{ ...goneView(id, last, nowMs), node: nodeOf(id) }];
  });
}

/** What another controller said of it, for as long as that may still be so. */
function stillTold(last: ReportedProxy | undefined, nowMs: number): ProxyDiscovery | undefined {
  const told = last?.told;
  return told !== undefined && nowMs - told.atMs <= TOLD_HOLDS_MS ? told.discovery : undefined;
}

/** A stream may have died without that this controller knows it yet, and there be another one elsewhere. */
function newest(
  own: ProxyDiscovery | undefined,
  told: ProxyDiscovery | undefined,
): ProxyDiscovery | undefined {
  if (own === undefined || told === undefined) return own ?? told;
  return told.connectedMs > own.connectedMs ? told : own;
}

function connectedView(
  id: string,
  discovery: ProxyDiscovery,
  last: ReportedProxy | undefined,
  nowMs: number,
): Omit<ProxyView, 'node'> {
  const { connectedMs, types, pushP50Ms, pushP99Ms } = discovery;
  return {
    ...nameParts(id),
    // What it reports is newer than what it said when it connected.
    version: last?.version ?? discovery.version,
    connectedMs,
    ...judge(discovery, last, nowMs),
    types: types.map(({ typeUrl, sent, acknowledged, acknowledgedMs, rejection }) => ({
      typeUrl,
      sent,
      acknowledged,
      rejected: rejection === undefined ? '' : `${rejection.version}: ${rejection.message}`,
      acknowledgedMs,
    })),
    pushP50Ms,
    pushP99Ms,
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
  { atMs, types }: ProxyDiscovery,
  last: ReportedProxy | undefined,
  nowMs: number,
): Pick<ProxyView, 'state' | 'reason'> {
  const rejecting = types.find(({ rejection }) => rejection !== undefined);
  if (rejecting !== undefined)
    return { state: 'rejecting', reason: `${shortName(rejecting)}: ${rejecting.rejection?.message}` };
  const behindMs = ({ behindSinceMs = atMs }: ProxyDiscoveryType): number => atMs - behindSinceMs;
  const behind = types.find((type) => behindMs(type) > STALE_AFTER_MS);
  if (behind !== undefined) {
    const seconds = Math.round(behindMs(behind) / 1_000);
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

function shortName({ typeUrl }: ProxyDiscoveryType): string {
  return typeUrl.replace(/^.*\//, '');
}

function nameParts(id: string): Pick<ProxyView, 'id' | 'kind'> {
  return { id, kind: id.startsWith('waypoint/') ? 'waypoint' : 'ztunnel' };
}

const STALE_AFTER_MS = 5_000;
const SILENT_AFTER_MS = 45_000;
/** It goes along with what a proxy that does nothing reports every ten seconds. */
const TOLD_HOLDS_MS = 25_000;
