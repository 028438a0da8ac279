import { type Closable, describeError, type Logger } from '../../base/index.ts';
import type { EnrolmentReceipt, EnrolmentReport } from '../../model/index.ts';

/** Another controller, as far as reports are passed on to it. */
export interface ReportPeer extends Closable {
  relayReport(
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<EnrolmentReceipt>;
}

/** Passes what a node reports on to the other controllers, so that their proxies know it as soon as ours. */
export interface ReportRelay extends Closable {
  /**
   * Resolves whether the others, and their proxies, know: false when one of them says otherwise. One that does not answer is
   * not waited for longer than `timeoutMs`, and counts as false: it learns of the pods by what is written to them.
   */
  relay(
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<boolean>;
}

export function createReportRelay(options: {
  /** `host:port` of the other controllers, as they are now. */
  readonly others: () => readonly string[];
  readonly connect: (address: string) => ReportPeer;
  readonly log: Logger;
}): ReportRelay {
  const peers = new Map<string, ReportPeer>();

  function forgetExcept(addresses: readonly string[]): void {
    for (const [address, peer] of peers) {
      if (addresses.includes(address)) continue;
      peers.delete(address);
      peer.destroy();
    }
  }

  async function tell(
    address: string,
    report: EnrolmentReport,
    as: { readonly token: string; readonly timeoutMs: number },
  ): Promise<boolean> {
    const peer = peers.get(address) ?? options.connect(address);
    peers.set(address, peer);
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

  const destroy = (): void => forgetExcept([]);
  return {
    async relay(report, as) {
      const addresses = options.others();
      forgetExcept(addresses);
      const told = await Promise.all(addresses.map((address) => tell(address, report, as)));
      return told.every((acknowledged) => acknowledged);
    },
    close: async () => destroy(),
    destroy,
  };
}
