import type { DnsRecord } from '../dns/index.ts';

/** What the supervisor tells a node's agent over the processes' IPC channel. */
export type AgentRequest =
  | { readonly type: 'zone'; readonly entries: readonly (readonly [string, readonly DnsRecord[]])[] }
  | { readonly type: 'probe'; readonly id: number; readonly probe: AgentProbe };

/** A check that is made from the node. */
export interface AgentProbe {
  readonly kind: 'http' | 'tcp';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly headers: readonly (readonly [string, string])[];
  readonly timeoutMs: number;
}

/** What an agent says. */
export type AgentReply =
  | { readonly type: 'ready' }
  | { readonly type: 'probe'; readonly id: number; readonly ok: boolean; readonly message: string };
