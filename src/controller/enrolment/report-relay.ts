import { describeError, type Logger } from '../../base/index.ts';
import type { EnrolmentReceipt, EnrolmentReport } from '../../model/index.ts';
import type { ControllerPeers } from '../peers/index.ts';

/** Another controller, as far as nodes' reports are passed on to it. */
export interface ReportPeer {
  relayReport(
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<EnrolmentReceipt>;
}

/** Passes what a node reports on to the other controllers, so that their proxies know it as soon as ours. */
export interface ReportRelay {
  /**
   * Resolves whether the others, and their proxies, know: false when one of them says otherwise. One that does not answer is
   * not waited for longer than `timeoutMs`, and counts as false: it learns of the pods by what is written to them.
   */
  relay(
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<boolean>;
}

/** Owns none of the peers. One that does not answer is logged, and taken for one that has not acknowledged. */
export function createReportRelay(options: {
  readonly peers: Pick<ControllerPeers<ReportPeer>, 'current'>;
  readonly log: Logger;
}): ReportRelay {
  async function tell(
    address: string,
    peer: ReportPeer,
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<boolean> {
    try {
      return (await peer.relayReport(report, as)).acknowledged;
    } catch (error) {
      options.log.info('a report was not passed on; the other controller learns of it from the pods', {
        controller: address,
        node: report.node,
        error: describeError(error),
      });
      return false;
    }
  }

  return {
    async relay(report, as) {
      const others = [...options.peers.current()];
      const told = await Promise.all(others.map(([address, peer]) => tell(address, peer, report, as)));
      return told.every((acknowledged) => acknowledged);
    },
  };
}
