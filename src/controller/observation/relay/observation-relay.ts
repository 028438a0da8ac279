import { causeOf, type Clock, describeError, type Logger } from '../../../base/index.ts';
import type { ObservationReceipt, ObservationReport, ProxyDiscovery } from '../../../model/index.ts';
import { WireError, type WireErrorCode } from '../../../wire/index.ts';
import type { ControllerPeers } from '../../peers/index.ts';
import { createPeerReach, type PeerReach } from './peer-reach.ts';

/** Another controller, as far as what proxies have seen is passed on to it. */
export interface ObservationPeer {
  relayObservations(
    report: ObservationReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<ObservationReceipt>;
}

/** Passes what proxies have seen on to the other controllers, so that each answers for the whole mesh. */
export interface ObservationRelay {
  /** Other controllers that have taken nothing for some time. */
  readonly away: number;
  /**
   * As the proxy whose `token` it is. Resolves with what those say who answer within a second, and never rejects: who is not
   * reached is missing here and gets later what it lacks. One report of a proxy at a time is passed on.
   */
  relay(
    report: ObservationReport,
    token: string,
    /** What each is told about the proxy's stream. */
    discoveryFor: (controller: string) => ProxyDiscovery | undefined,
  ): Promise<readonly RelayAnswer[]>;
}

/** What another controller says to a report. */
export interface RelayAnswer {
  /** Who answers: `host:port`. */
  readonly controller: string;
  readonly receipt: ObservationReceipt;
}

/** Of each proxy one report is under way at a time. Owns none of the peers. */
export function createObservationRelay(options: {
  readonly peers: Pick<ControllerPeers<ObservationPeer>, 'current'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
}): ObservationRelay {
  const { peers, clock, log } = options;
  const reaches = new Map<string, PeerReach>();
  /** Of whom a report is under way: what is in memory for that is bounded by the number of proxies. */
  const underWay = new Set<string>();

  const reachOf = (address: string): PeerReach => {
    const reach = reaches.get(address) ?? createPeerReach(clock);
    reaches.set(address, reach);
    return reach;
  };

  const tell = async (
    peer: ObservationPeer,
    report: ObservationReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<ObservationReceipt> => {
    try {
      return await peer.relayObservations(report, as);
    } catch (error) {
      if (causeOf(error, WireError)?.code !== 'ERR_WIRE_INVALID_REQUEST') throw error;
      // A controller of another version: what it cannot read now it will never read, and is not to wait for.
      return peer.relayObservations(withoutContents(report), as);
    }
  };

  const attempt = async (
    [address, peer]: readonly [string, ObservationPeer],
    report: ObservationReport,
    token: string,
  ): Promise<readonly RelayAnswer[]> => {
    const reach = reachOf(address);
    if (!reach.begin()) return [];
    const note = (answered: boolean, error?: unknown): void => {
      if (!reach.ended(answered)) return;
      if (answered) log.info('another controller takes reports again', { controller: address });
      else
        log.warn('another controller takes no reports; it is told later what it misses', {
          controller: address,
          error: describeError(error),
        });
    };
    try {
      const receipt = await tell(peer, report, { token, timeoutMs: TIMEOUT_MS });
      note(true);
      return [{ controller: address, receipt }];
    } catch (error) {
      const code = causeOf(error, WireError)?.code;
      note(code !== undefined && ANSWERS.has(code), error);
      log.debug('observations were not passed on', {
        controller: address,
        proxy: report.proxy,
        error: describeError(error),
      });
      return [];
    }
  };

  return {
    get away() {
      return [...reaches.values()].filter(({ isAway }) => isAway).length;
    },
    async relay(report, token, discoveryFor) {
      const { proxy } = report;
      const others = peers.current();
      for (const address of reaches.keys()) if (!others.has(address)) reaches.delete(address);
      if (underWay.has(proxy)) return [];
      underWay.add(proxy);
      try {
        const told = await Promise.all(
          [...others].map((other) =>
            attempt(other, { ...report, relay: { discovery: discoveryFor(other[0]) } }, token),
          ),
        );
        return told.flat();
      } finally {
        underWay.delete(proxy);
      }
    },
  };
}

/** Moves where the next one begins, and tells nothing else. */
function withoutContents(report: ObservationReport): ObservationReport {
  const { from, upTo } = report.batch;
  const batch = { from, upTo, slots: [], refusals: [], flows: [], spans: [] };
  return { ...report, batch, state: undefined, requests: [], relay: { discovery: undefined } };
}

const TIMEOUT_MS = 1_000;
/** Errors by which a controller that is there refuses one report. */
const ANSWERS: ReadonlySet<WireErrorCode> = new Set([
  'ERR_WIRE_INVALID_REQUEST',
  'ERR_WIRE_PERMISSION_DENIED',
  'ERR_WIRE_UNAUTHENTICATED',
  'ERR_WIRE_EXHAUSTED',
]);
