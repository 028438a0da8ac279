import { shortList } from '../../terminal/index.ts';
import type { KubernetesObject } from '../../../controller/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { describeObject } from '../../install/cluster/apply-objects.ts';
import { accessObjects } from '../../install/objects/controller-access.ts';
import type { Manifest } from '../../install/objects/manifest.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';

const { ok, warning, failed } = resultsOf('cluster');
const NAME = 'RBAC of controller and ztunnels';

/** Whether the accounts of the mesh have the rights that were shipped: no fewer, and no more. */
export async function accessCheck(cluster: Cluster): Promise<readonly CheckResult[]> {
  const shipped = accessObjects();
  const compared = await Promise.all(
    shipped.map(async (object) => compare(object, await cluster.find(object))),
  );
  const missing = compared.flatMap((one) => one.missing);
  const more = compared.flatMap((one) => one.more);
  if (missing.length > 0)
    return [failed(NAME, `missing: ${shortList(missing)}`, 'nodemesh install gives them back')];
  if (more.length > 0)
    return [
      warning(
        NAME,
        `more than was shipped: ${shortList(more)}`,
        'who has added that, and why? nodemesh install takes it away',
      ),
    ];
  return [ok(NAME, `all ${shipped.length} objects are as they were shipped`)];
}

interface Difference {
  readonly missing: readonly string[];
  readonly more: readonly string[];
}

function compare(object: Manifest, found: KubernetesObject | undefined): Difference {
  const name = describeObject(object);
  if (found === undefined) return { missing: [name], more: [] };
  const named = (rights: readonly string[]): readonly string[] => rights.map((right) => `${name}: ${right}`);
  const shipped = rightsOf(object);
  const held = rightsOf(found);
  return {
    missing: named(shipped.filter((right) => !held.includes(right))),
    more: named(held.filter((right) => !shipped.includes(right))),
  };
}

/** Each right of a role, and each subject of a binding, by itself: how they are grouped says nothing. */
function rightsOf(object: object): readonly string[] {
  const { rules, subjects } = object as RoleLike;
  return [
    ...(rules ?? []).flatMap(({ apiGroups = [], resources = [], resourceNames = [''], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) =>
            verbs.map(
              (verb) =>
                `${verb} ${resource}${group === '' ? '' : `.${group}`}${name === '' ? '' : ` ${name}`}`,
            ),
          ),
        ),
      ),
    ),
    ...(subjects ?? []).map(({ kind, namespace = '', name }) => `${kind.toLowerCase()} ${namespace}/${name}`),
  ];
}

interface RoleLike {
  readonly rules?: readonly {
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  readonly subjects?: readonly {
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  }[];
}
