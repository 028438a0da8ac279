import { readFileSync } from 'node:fs';
import type { IpFamily } from '../../model/index.ts';
import { forgetLeftFlows } from '../connection/forget-left-flows.ts';
import type { NetNamespace } from '../namespace/network-namespace.ts';
import { readSysctls, writeSysctls } from '../namespace/sysctl.ts';
import { type CommandStep, runEachInside } from './command.ts';
import { ensureConntrack } from './conntrack-module.ts';
import { NetError } from '../errors.ts';
import { REDIRECTION_NAMES, type RedirectionNaming } from '../redirection-plan/names.ts';
import type { RedirectionPlan } from '../redirection-plan/plan.ts';
import { addPolicyRoute } from './policy-routing.ts';
import { removeRedirection } from './remove.ts';
import {
  formatRestoreInput,
  type RuleChain,
  type RuleSet,
  type RuleTable,
  type TableName,
} from '../redirection-plan/rule-set.ts';
import { readSavedState, saveState } from './saved-state.ts';
import { countJumps, type FamilySnapshot, takeSnapshots } from './snapshot.ts';

/** `routing`: marks, policy route, sysctls; captures nothing. `nat`: the capture itself, or one direction of it. */
export type AppliedPart = 'routing' | 'nat' | 'nat-outbound' | 'nat-inbound';

/**
 * Makes a namespace as the plan wants it, whatever was there of ours before. Each table of each family changes in one
 * transaction; when a later one fails, what this call has added is taken away again. `routing` comes first. One call
 * at a time per namespace. `known`: what an inspection saw, as long as nothing else of that part was changed since;
 * else it is read anew. Rejects with NetError.
 */
export async function applyRedirection(
  namespace: NetNamespace,
  plan: RedirectionPlan,
  part: AppliedPart,
  known?: readonly FamilySnapshot[],
): Promise<void> {
  const snapshots = known ?? (await takeSnapshots(namespace, familiesOf(plan)));
  const { naming } = readSavedState(snapshots) ?? plan;
  if (naming !== plan.naming) throw otherNames(namespace, naming);
  if (part === 'routing') await applyRouting(namespace, plan, snapshots);
  else await applyNat(namespace, plan, snapshots, NAT_HOOKS[part]);
}

/**
 * True when the namespace (undefined: the process's own) has IPv6 on `lo`: without, IPv6 rules have nothing to redirect to,
 * and `::` is no address to listen on.
 */
export function namespaceHasIpv6(namespace: NetNamespace | undefined): boolean {
  return namespace === undefined ? hasIpv6Here() : namespace.inside(hasIpv6Here);
}

function hasIpv6Here(): boolean {
  try {
    return / lo$/m.test(readFileSync('/proc/thread-self/net/if_inet6', 'utf8'));
  } catch {
    // The file is missing where the kernel has no IPv6 at all.
    return false;
  }
}

async function applyRouting(
  namespace: NetNamespace,
  plan: RedirectionPlan,
  snapshots: readonly FamilySnapshot[],
): Promise<void> {
  await ensureConntrack(namespace);
  const isNew = readSavedState(snapshots) === undefined;
  if (isNew) {
    await forgetLeftFlows(namespace);
    await saveState(namespace, snapshots, plan);
  }
  try {
    // Older kernels lack some: without tcp_migrate_req (Linux 5.14) a hand-over may lose a connection, nothing else.
    const present = readSysctls(namespace, [...plan.sysctls.keys()]);
    writeSysctls(namespace, new Map([...plan.sysctls].filter(([name]) => present.has(name))));
    addPolicyRoute(namespace, plan.policyRoute, familiesOf(plan));
    await restore(namespace, plan, snapshots, ['mangle']);
  } catch (error) {
    if (isNew) await removeRedirection(namespace, 'routing');
    throw error;
  }
}

async function applyNat(
  namespace: NetNamespace,
  plan: RedirectionPlan,
  snapshots: readonly FamilySnapshot[],
  hooks: readonly Hook[],
): Promise<void> {
  const wasCaptured = snapshots.some((snapshot) =>
    hooksOf(plan.naming).some(([hook, chain]) => countJumps(snapshot, 'nat', hook, chain) > 0),
  );
  try {
    await restore(namespace, plan, snapshots, ['raw', 'nat'], hooks);
  } catch (error) {
    if (!wasCaptured) await removeRedirection(namespace, 'nat');
    throw error;
  }
}

async function restore(
  namespace: NetNamespace,
  plan: RedirectionPlan,
  snapshots: readonly FamilySnapshot[],
  names: readonly TableName[],
  hooks: readonly Hook[] = NAT_HOOKS.nat,
): Promise<void> {
  const steps: CommandStep[] = [];
  for (const ruleSet of plan.ruleSets) {
    const snapshot = snapshots.find(({ family }) => family === ruleSet.family);
    if (snapshot === undefined) continue;
    const tables = names
      .map((name) => withStaleChains(name, { ...ruleSet, naming: plan.naming }, snapshot))
      .map((table) => ({ ...table, chains: table.chains.filter(({ hook }) => hooks.includes(hook)) }))
      .filter(({ chains }) => chains.length > 0);
    if (tables.length === 0) continue;
    const input = formatRestoreInput(
      tables,
      (table, hook, chain) => countJumps(snapshot, table, hook, chain) > 0,
    );
    steps.push({ command: RESTORE_COMMAND[ruleSet.family], parameters: ['-w', '--noflush'], input });
  }
  await runEachInside(namespace, steps);
}

/** A chain of an earlier plan that this plan has not is emptied; removal takes it away later. */
function withStaleChains(
  name: TableName,
  { tables, naming }: Pick<RuleSet, 'tables'> & { readonly naming: RedirectionNaming },
  snapshot: FamilySnapshot,
): RuleTable {
  const chains = tables.find((table) => table.name === name)?.chains ?? [];
  const present = snapshot.tables.get(name)?.chains;
  const stale = hooksOf(naming).filter(
    ([, chain]) => present?.has(chain) === true && !chains.some((planned) => planned.name === chain),
  );
  return {
    name,
    chains: [
      ...chains,
      ...stale.map(([hook, chain]) => ({ name: chain, hook, jump: 'last', rules: [] }) as const),
    ],
  };
}

/** The built-in chains we hang on to, and with which chain of ours. */
function hooksOf(naming: RedirectionNaming): readonly (readonly ['PREROUTING' | 'OUTPUT', string])[] {
  const { prerouting, output } = REDIRECTION_NAMES[naming];
  return [
    ['PREROUTING', prerouting],
    ['OUTPUT', output],
  ];
}

function otherNames(namespace: NetNamespace, naming: RedirectionNaming): NetError {
  return new NetError({
    code: 'ERR_NET_REDIRECTION_OPTIONS',
    blame: 'local',
    message: `${namespace.path} is captured under ${naming === 'own' ? 'our own' : "Istio's"} names, and keeps them until it is released`,
  });
}

function familiesOf(plan: RedirectionPlan): readonly IpFamily[] {
  return plan.ruleSets.map(({ family }) => family);
}

type Hook = RuleChain['hook'];

const NAT_HOOKS: Readonly<Record<Exclude<AppliedPart, 'routing'>, readonly Hook[]>> = {
  nat: ['PREROUTING', 'OUTPUT'],
  'nat-outbound': ['OUTPUT'],
  'nat-inbound': ['PREROUTING'],
};

const RESTORE_COMMAND: Readonly<Record<IpFamily, string>> = {
  4: 'iptables-restore',
  6: 'ip6tables-restore',
};
