import type { NetNamespace } from '../namespace/network-namespace.ts';
import { readSysctls } from '../namespace/sysctl.ts';
import type { RedirectionNaming } from '../redirection-plan/names.ts';
import { runInside } from './command.ts';
import type { RedirectionPlan } from '../redirection-plan/plan.ts';
import type { FamilySnapshot } from './snapshot.ts';

/** How a namespace was found. */
export interface SavedState {
  /** Under which names it was captured. */
  readonly naming: RedirectionNaming;
  readonly sysctls: ReadonlyMap<string, string>;
  /** Tables that existed, as `4.nat`. */
  readonly tables: ReadonlySet<string>;
}

/**
 * The namespace itself remembers how it was found, in the comment of a rule that nothing ever reaches: it survives
 * this process, and goes with the namespace.
 */
export function readSavedState(snapshots: readonly FamilySnapshot[]): SavedState | undefined {
  const mangle = snapshots.find(({ family }) => family === 4)?.tables.get('mangle');
  const rule = mangle?.rules.find((candidate) => candidate.startsWith(`-A ${STATE_CHAIN} `));
  const comment = rule === undefined ? undefined : /--comment "([^"]*)"/.exec(rule)?.[1];
  return comment === undefined ? undefined : parseState(comment);
}

/**
 * Writes down how the namespace is now, and what names our part in it has. To be done before anything is changed. Rejects
 * with NetError.
 */
export async function saveState(
  namespace: NetNamespace,
  snapshots: readonly FamilySnapshot[],
  { naming, sysctls: sysctlPlan }: Pick<RedirectionPlan, 'naming' | 'sysctls'>,
): Promise<void> {
  const sysctls = readSysctls(namespace, [...sysctlPlan.keys()]);
  const tables = snapshots.flatMap(({ family, tables }) =>
    [...tables.keys()].map((name) => `${family}.${name}`),
  );
  const words = [...sysctls].map(([name, value]) => `${name}=${value}`);
  // Versions that knew no other names than Istio's read every other word as a setting.
  if (naming !== 'istio') words.push(`naming=${naming}`);
  const comment = [...words, `tables=${tables.join(',')}`].join(' ');
  const rule = `-A ${STATE_CHAIN} -m comment --comment "${comment}" -j RETURN`;
  const input = `*mangle\n:${STATE_CHAIN} - [0:0]\n${rule}\nCOMMIT\n`;
  await runInside(namespace, 'iptables-restore', ['-w', '--noflush'], input);
}

export const STATE_CHAIN = 'NODEMESH_STATE';

function parseState(comment: string): SavedState {
  const sysctls = new Map<string, string>();
  let tables: ReadonlySet<string> = new Set();
  let naming: RedirectionNaming = 'istio';
  for (const word of comment.split(' ')) {
    const equals = word.indexOf('=');
    const [name, value] = [word.slice(0, equals), word.slice(equals + 1)];
    if (name === 'tables') tables = new Set(value === '' ? [] : value.split(','));
    else if (name === 'naming') naming = value === 'own' ? 'own' : 'istio';
    else if (name !== '') sysctls.set(name, value);
  }
  return { naming, sysctls, tables };
}
