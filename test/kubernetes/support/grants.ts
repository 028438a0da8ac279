import type { AuditedRequest } from '../../support/kubernetes-cluster/start-cluster.ts';
import type { Kubectl } from './kubectl.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/**
 * Every right of the controller: `verb resource.group`, with ` NAME` behind it where it is held to one, and ` in NAMESPACE`
 * where it is good in one alone.
 */
export async function grantsOf(kubectl: Kubectl): Promise<readonly string[]> {
  const everywhere = await kubectl.get('clusterrole', 'nodemesh-controller');
  const own = await kubectl.get('role', 'nodemesh-controller', '-n', SYSTEM);
  return [
    ...new Set([
      ...spelled(everywhere.rules as readonly Rule[], ''),
      ...spelled(own.rules as readonly Rule[], SYSTEM),
    ]),
  ].sort();
}

function spelled(rules: readonly Rule[], namespace: string): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => spell(`${verb} ${resource}.${group}`, { name, namespace })),
        ),
      ),
    ),
  );
}

/** What was asked for and allowed, in the same words: each as a right that is held to nothing, to a name, to a namespace, to both. */
export function usesOf(requests: readonly AuditedRequest[]): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ verb, objectRef, responseStatus }) => {
      if (objectRef === undefined || responseStatus.code === 403) return [];
      const { resource, subresource, apiGroup = '', name = '', namespace = '' } = objectRef;
      const what = `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}.${apiGroup}`;
      return [
        spell(what, { name: '', namespace: '' }),
        spell(what, { name, namespace: '' }),
        spell(what, { name: '', namespace }),
        spell(what, { name, namespace }),
      ];
    }),
  );
}

function spell(what: string, held: { readonly name: string; readonly namespace: string }): string {
  const name = held.name === '' ? '' : ` ${held.name}`;
  return `${what}${name}${held.namespace === '' ? '' : ` in ${held.namespace}`}`;
}

const SYSTEM = 'nodemesh-system';
