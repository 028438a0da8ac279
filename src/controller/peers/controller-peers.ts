import type { Closable } from '../../base/index.ts';

/** Connections to the other controllers, made when they are first asked for and kept for as long as those are there. */
export interface ControllerPeers<Peer> extends Closable {
  /** Those that are there now, by `host:port`. */
  current(): ReadonlyMap<string, Peer>;
}

/** Owns what it connects to: one that is no more among the others is destroyed. */
export function createControllerPeers<Peer extends Closable>(options: {
  /** `host:port` of the other controllers, as they are now. */
  readonly others: () => readonly string[];
  readonly connect: (address: string) => Peer;
}): ControllerPeers<Peer> {
  const peers = new Map<string, Peer>();
  let closed = false;

  function forgetExcept(addresses: readonly string[]): void {
    for (const [address, peer] of peers) {
      if (addresses.includes(address)) continue;
      peers.delete(address);
      peer.destroy();
    }
  }

  const destroy = (): void => {
    closed = true;
    forgetExcept([]);
  };
  return {
    current() {
      if (closed) return peers;
      const addresses = options.others();
      forgetExcept(addresses);
      for (const address of addresses) if (!peers.has(address)) peers.set(address, options.connect(address));
      return peers;
    },
    close: async () => destroy(),
    destroy,
  };
}
