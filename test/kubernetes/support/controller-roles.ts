import { listOf, SYSTEM } from './installed-mesh.ts';
import type { Kubectl } from './kubectl.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Role {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

/** The rights of the controller as they are shipped, of which single ones can be taken away. */
export interface ControllerRoles {
  /** `verb resource.group`, with ` NAME` behind it where it is held to one. Rejects when there is no such right. */
  take(right: string): Promise<void>;
  giveBack(): Promise<void>;
}

/** Those of the cluster as they are now; an API server believes them at once, or a moment later. */
export async function openControllerRoles(kubectl: Kubectl): Promise<ControllerRoles> {
  const found = await Promise.all([
    kubectl.get('clusterrole', 'nodemesh-controller'),
    kubectl.get('role', 'nodemesh-controller', '-n', SYSTEM),
  ]);
  const shipped = found.map((role) => singleRights(role as unknown as Role));
  const replace = async (roles: readonly object[]): Promise<void> => {
    await kubectl.must(['replace', '-f', '-'], listOf(roles));
    await new Promise((resolve) => setTimeout(resolve, BELIEVED_MS));
  };
  return {
    async take(right) {
      const left = shipped.map((role) => ({
        ...role,
        rules: role.rules.filter((rule) => spell(rule) !== right),
      }));
      if (left.every(({ rules }, index) => rules.length === shipped[index]?.rules.length))
        throw new Error(`the controller has no right to ${right}`);
      await replace(left);
    },
    giveBack: () => replace(shipped),
  };
}

/** The same role with a rule of its own for each right. */
function singleRights({ apiVersion, kind, metadata, rules }: Role): Role {
  const { name, namespace } = metadata;
  return {
    apiVersion,
    kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
    rules: rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            ...{ apiGroups: [group], resources: [resource], verbs: [verb] },
            ...(resourceNames === undefined ? {} : { resourceNames }),
          })),
        ),
      ),
    ),
  };
}

function spell({ verbs, resources, apiGroups, resourceNames = [] }: Rule): string {
  return [...verbs, `${resources.join()}.${apiGroups.join()}`, ...resourceNames].join(' ');
}

const BELIEVED_MS = 300;
