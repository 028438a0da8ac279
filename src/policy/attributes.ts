import type { IpAddress, WorkloadIdentity } from '../model/index.ts';

/** What an L4 policy may look at, of one connection. */
export interface L4Attributes {
  readonly sourceAddress: IpAddress;
  readonly destinationAddress: IpAddress;
  /** The pod's port, after ports were resolved: not the service's, never 15008. */
  readonly destinationPort: number;
  /** Who the peer proved to be; undefined for plaintext. */
  readonly source: WorkloadIdentity | undefined;
}
