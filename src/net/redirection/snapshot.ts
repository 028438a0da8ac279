import { existsSync } from 'node:fs';
import type { IpFamily } from '../../model/index.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { runEachInside } from './command.ts';
import type { TableName } from '../redirection-plan/rule-set.ts';

/** A table as `iptables-save` shows it. */
export interface TableSnapshot {
  /** Chains that somebody made, without the built-in ones. */
  readonly chains: ReadonlySet<string>;
  /** Each rule as its line, `-A CHAIN …`. */
  readonly rules: readonly string[];
  /** No chain of anybody, no rule, all policies ACCEPT. */
  readonly isEmpty: boolean;
}

/** The tables of one family that exist in a namespace. */
export interface FamilySnapshot {
  readonly family: IpFamily;
  readonly tables: ReadonlyMap<string, TableSnapshot>;
}

/** Reads the rules of each family in a namespace. Rejects with NetError. */
export async function takeSnapshots(
  namespace: NetNamespace,
  families: readonly IpFamily[],
): Promise<readonly FamilySnapshot[]> {
  const steps = families.map((family) => ({ command: SAVE_COMMAND[family], parameters: [] }));
  const outputs = await runEachInside(namespace, steps);
  return families.map((family, index) => ({ family, tables: parseSaveOutput(outputs[index] ?? '') }));
}

/** The families that this kernel has in a namespace; without IPv6, its commands fail. */
export function presentFamilies(namespace: NetNamespace): readonly IpFamily[] {
  return namespace.inside(() => (existsSync('/proc/thread-self/net/if_inet6') ? [4, 6] : [4]));
}

/** How often a built-in chain jumps to one of ours. */
export function countJumps(snapshot: FamilySnapshot, table: TableName, hook: string, chain: string): number {
  const rule = `-A ${hook} -j ${chain}`;
  return snapshot.tables.get(table)?.rules.filter((candidate) => candidate === rule).length ?? 0;
}

/** Reads the output of `iptables-save`, by table. Lines that are neither table, chain nor rule are passed over. */
export function parseSaveOutput(text: string): ReadonlyMap<string, TableSnapshot> {
  const tables = new Map<string, TableSnapshot>();
  let current: { chains: Set<string>; rules: string[]; isEmpty: boolean } | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      current = { chains: new Set(), rules: [], isEmpty: true };
      tables.set(line.slice(1), current);
    } else if (current !== undefined && line.startsWith(':')) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      if (policy === '-') current.chains.add(name);
      if (policy !== 'ACCEPT') current.isEmpty = false;
    } else if (current !== undefined && line.startsWith('-A ')) {
      current.rules.push(line);
      current.isEmpty = false;
    }
  }
  return tables;
}

const SAVE_COMMAND: Readonly<Record<IpFamily, string>> = { 4: 'iptables-save', 6: 'ip6tables-save' };
