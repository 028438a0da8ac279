import type { AuditedRequest } from '../../support/kubernetes-cluster/start-cluster.ts';
import type { Kubectl } from './kubectl.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Every right of the controller, as `verb resource.group`. */
export async function grantsOf(kubectl: Kubectl): Promise<readonly string[]> {
  const roles = [
    await kubectl.get('clusterrole', 'nodemesh-controller'),
    await kubectl.get('role', 'nodemesh-controller', '-n', 'nodemesh-system'),
  ];
  const grants = roles
    .flatMap(({ rules }) => rules as readonly Rule[])
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`)),
      ),
    );
  return [...new Set(grants)].sort();
}

/** What was asked for and allowed, in the same words. */
export function usesOf(requests: readonly AuditedRequest[]): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ verb, objectRef, responseStatus }) => {
      if (objectRef === undefined || responseStatus.code === 403) return [];
      const { resource, subresource, apiGroup = '' } = objectRef;
      const name = subresource === undefined ? resource : `${resource}/${subresource}`;
      return [`${verb} ${name}.${apiGroup}`];
    }),
  );
}
