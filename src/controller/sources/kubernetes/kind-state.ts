import { describeError } from '../../../base/index.ts';
import { isKubernetesError } from '../../kubernetes/index.ts';
import { isGuard } from '../../objects/index.ts';
import type { SourceProblem } from '../object-source.ts';
import { type ReadKind, resourceName } from './kind-table.ts';

/** Where we are with a kind. */
export type KindState =
  /** Nobody has said yet whether it is served. */
  | { readonly type: 'unknown' }
  /** Not served. `isOddlyServed`: there is a CustomResourceDefinition, and none of our versions in it. */
  | { readonly type: 'absent'; readonly isOddlyServed: boolean }
  /** It is served, and has not been listed yet. */
  | { readonly type: 'listing' }
  | { readonly type: 'listed' };

/** Whether proxies may be served without more being known of the kind than is known now. */
export function isSettled(kind: ReadKind, state: KindState, error: unknown): boolean {
  switch (state.type) {
    case 'listed':
      return true;
    case 'absent':
      return !(state.isOddlyServed && kind.essential);
    case 'listing':
      // Without a route something may not work; without a policy somebody gets in whom it keeps out.
      return isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN') && !kind.essential;
    case 'unknown':
      return false;
  }
}

/** What is to be said about a kind as a whole. */
export function kindProblems(kind: ReadKind, state: KindState, error: unknown): readonly SourceProblem[] {
  const say = (severity: SourceProblem['severity'], message: string): readonly SourceProblem[] => [
    { severity, file: resourceName(kind), line: 1, field: '', object: '', message },
  ];
  if (state.type === 'absent') return absence(kind, state.isOddlyServed, say);
  if (error === undefined) return [];
  const isListedOnly = isKubernetesError(error) && error.missingRight?.verb === 'watch';
  const effect = isListedOnly ? 'they are listed twice a minute instead' : effectOf(kind, state);
  if (!isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN'))
    return say('error', `${describeError(error)}; ${effect}`);
  return say(
    'error',
    `not allowed: ${describeError(error)}; ${effect}; add to the ClusterRole: ${ruleFor(kind)}`,
  );
}

function absence(
  kind: ReadKind,
  isOddlyServed: boolean,
  say: (severity: SourceProblem['severity'], message: string) => readonly SourceProblem[],
): readonly SourceProblem[] {
  const versions = kind.resources.map(({ version }) => version).join(', ');
  if (!isOddlyServed)
    return say('notice', `no CustomResourceDefinition of ${kind.kind}: none are read until there is one`);
  const effect = kind.essential ? '; nobody is served until it is' : '';
  return say('error', `expected ${kind.kind} to be served in one of the versions ${versions}${effect}`);
}

function effectOf(kind: ReadKind, state: KindState): string {
  if (state.type === 'listed') return 'what is known of them stays in force';
  if (!kind.essential) return 'the mesh goes without';
  return isGuard(kind.kind)
    ? 'nobody is served until they are known, since they may refuse somebody'
    : 'nobody is served until they are known, since half a mesh reads as the removal of the other half';
}

/** As it stands in a ClusterRole. */
function ruleFor(kind: ReadKind): string {
  const [first] = kind.resources;
  if (first === undefined) return '';
  return `{apiGroups: ["${first.group}"], resources: ["${first.plural}"], verbs: ["list", "watch"]}`;
}
