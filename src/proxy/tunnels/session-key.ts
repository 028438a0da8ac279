import type { SocketAddress, SpiffeId } from '../../model/index.ts';

/** What tunnels must agree in to share a session; who the source is, is given by the pool, which is one workload's. */
export interface SessionKey {
  readonly expected: ReadonlySet<SpiffeId>;
  readonly destination: SocketAddress;
  /** The address that the session leaves from: two addresses of one pod never share. */
  readonly sourceAddress: string;
}

/** Sets of expected identities are shared by the model, so each is put into words once. */
const expectedText = new WeakMap<ReadonlySet<SpiffeId>, string>();

/** Equal texts may share a session. Made for each connection, so what can be kept of it is. */
export function sessionKeyText(key: SessionKey): string {
  let expected = expectedText.get(key.expected);
  if (expected === undefined) {
    expected = [...key.expected].sort().join(',');
    expectedText.set(key.expected, expected);
  }
  return `${key.sourceAddress}>${key.destination.address}:${key.destination.port}=${expected}`;
}
