import type { Clock, Logger } from '../../../../base/index.ts';
import {
  isKubernetesError,
  type KubernetesApi,
  type KubernetesObject,
  resourceType,
} from '../../../kubernetes/index.ts';
import type { SourceProblem } from '../../object-source.ts';
import { type CollectionFollower, followCollection } from './collection-follower.ts';
import type { FollowSettings } from './settings.ts';

/** The names of all CustomResourceDefinitions. */
export interface DefinitionFollower extends Pick<CollectionFollower, 'close'> {
  /** Resolves when they have been listed, or cannot be. */
  readonly firstAnswer: Promise<void>;
  /** Undefined: we may not see them. */
  has(name: string): boolean | undefined;
  problems(): readonly SourceProblem[];
}

/** Begins at once. Where it has no right to it says so, and nothing is known. */
export function followDefinitions(options: {
  readonly api: KubernetesApi;
  readonly settings: FollowSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** Some came, went or changed. */
  readonly onChange: () => void;
}): DefinitionFollower {
  const names = new Set<string>();
  const first = Promise.withResolvers<void>();
  let isKnown = false;
  let isForbidden = false;
  const nameOf = ({ metadata }: KubernetesObject): string => metadata.name ?? '';
  const follower = followCollection({
    ...options,
    resource: DEFINITIONS,
    // They are the largest objects of a cluster, for their schemas.
    metadataOnly: true,
    fieldSelector: undefined,
    target: {
      beginList() {
        const found: string[] = [];
        return {
          add: (page) => void found.push(...page.map(nameOf)),
          complete() {
            names.clear();
            for (const name of found) names.add(name);
            isKnown = true;
          },
        };
      },
      apply({ type, object }) {
        if (type === 'DELETED') names.delete(nameOf(object));
        else if (type !== 'BOOKMARK') names.add(nameOf(object));
      },
      onChange() {
        first.resolve();
        options.onChange();
      },
      onState(error) {
        if (isKubernetesError(error)) first.resolve();
        const was = isForbidden;
        isForbidden = isKubernetesError(error, 'ERR_KUBERNETES_FORBIDDEN');
        if (was !== isForbidden) options.onChange();
      },
    },
  });
  return {
    firstAnswer: first.promise,
    has: (name) => (isKnown ? names.has(name) : undefined),
    problems: () => (isForbidden ? [FORBIDDEN] : []),
    async close() {
      first.resolve();
      await follower.close();
    },
  };
}

const FORBIDDEN: SourceProblem = {
  severity: 'notice',
  file: 'customresourcedefinitions.apiextensions.k8s.io',
  line: 1,
  field: '',
  object: '',
  message:
    'not allowed to list and watch them: new kinds are noticed only now and then; add to the ClusterRole: {apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["list", "watch"]}',
};
const DEFINITIONS = resourceType('apiextensions.k8s.io/v1', 'customresourcedefinitions', false);
