import type { FlowRecord, WorkloadIdentity } from '../../../model/index.ts';
import { tryParseIpAddress, tryParseSpiffeId, type IpAddress } from '../../../model/index.ts';

/** What one world says to a flow. */
export interface FlowVerdict {
  readonly verdict: 'allow' | 'deny' | 'unknown';
  readonly policy: string;
  /** From 1; 0: none decided. */
  readonly rule: number;
  readonly because: string;
  readonly fix: string;
  /** Authorizers that would be asked. */
  readonly asked: readonly string[];
}

/** Of what cannot be judged, and why not. */
export function unknownVerdict(because: string): FlowVerdict {
  return { verdict: 'unknown', policy: '', rule: 0, because, fix: '', asked: [] };
}

/** Who a flow is from, as it was proved. */
export function identityOfFlow({ source }: FlowRecord): WorkloadIdentity | undefined {
  return source.identity === '' ? undefined : tryParseSpiffeId(source.identity);
}

/** Undefined where it cannot be read, which no proxy writes. */
export function addressOf(text: string): IpAddress | undefined {
  return tryParseIpAddress(text.replace(/^\[(.*)\]$/, '$1'));
}
