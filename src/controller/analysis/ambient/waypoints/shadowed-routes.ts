import type { HttpRouteObject } from '../../../objects/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import { type AnalysedMesh, nameOf } from '../../subject/index.ts';

/** Rules of a route that never come to their turn, because an older route has the same match for the same parent. */
export function* analyzeShadowedRoutes(mesh: AnalysedMesh): Iterable<Finding> {
  const uses = [...mesh.derived.collections.objects.routes.values()].flatMap((route) =>
    route.kind === 'HTTPRoute' ? usesOf(route) : [],
  );
  const told = new Set<string>();
  for (const same of Map.groupBy(uses, ({ key }) => key).values()) {
    const [winner, ...others] = same.sort(precedes);
    for (const other of others) {
      const object = mesh.get(
        'gateway.networking.k8s.io/HTTPRoute',
        other.route.meta.namespace,
        other.route.meta.name,
      );
      if (winner === undefined || object === undefined || other.route === winner.route) continue;
      const id = `${nameOf(object)} ${other.rule} ${nameOf(winner.route.meta)}`;
      if (told.has(id)) continue;
      told.add(id);
      const at = { object, path: ['spec', 'rules', other.rule] };
      yield finding(
        OWN.RouteShadowed,
        at,
        other.rule,
        `HTTPRoute ${nameOf(winner.route.meta)}`,
        other.parent,
      );
    }
  }
}

interface MatchUse {
  readonly route: HttpRouteObject;
  readonly rule: number;
  readonly parent: string;
  /** Parent, host and match: what two rules must not have in common. */
  readonly key: string;
}

function usesOf(route: HttpRouteObject): readonly MatchUse[] {
  const hosts = route.hostnames.length === 0 ? ['*'] : route.hostnames;
  return route.parentRefs.flatMap(({ kind, namespace = route.meta.namespace, name, sectionName, port }) => {
    const parent = `${kind} ${namespace}/${name}`;
    // A consumer's route is for the requests of its own namespace.
    const scope = kind === 'Service' && namespace !== route.meta.namespace ? route.meta.namespace : '';
    return route.rules.flatMap((rule, index) =>
      matchTexts(rule.matches).flatMap((match) =>
        hosts.map((host) => ({
          route,
          rule: index,
          parent,
          key: JSON.stringify([parent, scope, sectionName ?? '', port ?? 0, host, match]),
        })),
      ),
    );
  });
}

/** Without a match a rule takes everything. */
function matchTexts(matches: readonly unknown[]): readonly string[] {
  return matches.length === 0 ? ['all'] : [...new Set(matches.map((match) => JSON.stringify(match)))];
}

function precedes(a: MatchUse, b: MatchUse): number {
  if (a.route.meta.createdMs !== b.route.meta.createdMs)
    return a.route.meta.createdMs < b.route.meta.createdMs ? -1 : 1;
  return nameOf(a.route.meta) < nameOf(b.route.meta) ? -1 : 1;
}
