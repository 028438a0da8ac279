import type { IpFamily } from '../../model/index.ts';

/** The tables of iptables that we write to. */
export type TableName = 'mangle' | 'nat' | 'raw';

/** A chain of ours and the built-in chain that jumps to it. */
export interface RuleChain {
  readonly name: string;
  readonly hook: 'PREROUTING' | 'OUTPUT' | 'POSTROUTING';
  /** Where in the built-in chain the jump goes. */
  readonly jump: 'first' | 'last';
  /** Rules in order, in iptables' words, without the leading `-A CHAIN`. */
  readonly rules: readonly string[];
}

/** Our chains of one table. */
export interface RuleTable {
  readonly name: TableName;
  readonly chains: readonly RuleChain[];
}

/** The rules of one IP family. */
export interface RuleSet {
  readonly family: IpFamily;
  readonly tables: readonly RuleTable[];
}

/** Jumps that exist already; asked with the table, the built-in chain and ours. */
export type HasJump = (table: TableName, hook: string, chain: string) => boolean;

/**
 * Input for `iptables-restore --noflush`: each table one transaction that makes our chains say exactly this, whatever
 * they said before, and adds the jumps that are missing.
 */
export function formatRestoreInput(tables: readonly RuleTable[], hasJump: HasJump): string {
  return tables.map((table) => formatTable(table, hasJump)).join('');
}

function formatTable(table: RuleTable, hasJump: HasJump): string {
  const lines = [`*${table.name}`];
  // Naming a chain of ours creates it, or empties it within the same transaction.
  for (const chain of table.chains) lines.push(`:${chain.name} - [0:0]`);
  for (const chain of table.chains) for (const rule of chain.rules) lines.push(`-A ${chain.name} ${rule}`);
  for (const chain of table.chains) {
    if (hasJump(table.name, chain.hook, chain.name)) continue;
    const position = chain.jump === 'first' ? `-I ${chain.hook} 1` : `-A ${chain.hook}`;
    lines.push(`${position} -j ${chain.name}`);
  }
  lines.push('COMMIT', '');
  return lines.join('\n');
}
