import type { KubeObject } from '../../../../src/lab/cluster/objects/index.ts';
import { type JsonObject, listOf, objectOf } from '../data/index.ts';
import type { RouteName, StatusCheck } from '../move/index.ts';
import type { ConformanceLab } from './conformance-lab.ts';

const ROUTE_KINDS = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'] as const;

/** In what the status of a route is not as it should be, right now; empty: it is. */
export async function statusDifferences(lab: ConformanceLab, check: StatusCheck): Promise<readonly string[]> {
  const route = await findRoute(lab, check.route);
  const title = `${check.route.namespace}/${check.route.name}`;
  if (route === undefined) return [`no route ${title}`];
  const parents = listOf(objectOf(route.status).parents)
    .map(objectOf)
    .filter(
      ({ parentRef }) => check.route.parent === undefined || objectOf(parentRef).name === check.route.parent,
    );
  const conditions = parents.flatMap((parent) => listOf(parent.conditions).map(objectOf));
  switch (check.kind) {
    case 'no-accepted-parents':
      return conditions.some(({ type, status }) => type === 'Accepted' && status === 'True')
        ? [`${title}: expected no parent that accepts it`]
        : parents.length === 0
          ? [`${title}: no status yet`]
          : [];
    case 'latest-conditions': {
      const { generation } = route.metadata;
      const stale = conditions.filter(({ observedGeneration }) => observedGeneration !== generation);
      if (conditions.length === 0) return [`${title}: no conditions`];
      return stale.map(
        ({ type, observedGeneration }) => `${title}: ${type} is of ${observedGeneration}, not ${generation}`,
      );
    }
    case 'condition': {
      const { type, status, reason } = check.condition;
      if (parents.length === 0) return [`${title}: no status for parent ${check.route.parent}`];
      return parents.flatMap((parent) => {
        const got = listOf(parent.conditions)
          .map(objectOf)
          .find((one) => one.type === type);
        const holds = got?.status === status && (reason === '' || got.reason === reason);
        return holds ? [] : [`${title}: expected ${type}=${status} ${reason}, got ${describe(got)}`];
      });
    }
  }
}

export async function findRoute(
  lab: ConformanceLab,
  { kind, namespace, name }: RouteName,
): Promise<KubeObject | undefined> {
  for (const candidate of kind === undefined ? ROUTE_KINDS : [kind]) {
    const [route] = await lab.client.objects(candidate, namespace, name);
    if (route !== undefined) return route;
  }
  return undefined;
}

function describe(condition: JsonObject | undefined): string {
  return condition === undefined ? 'none' : `${condition.status} ${condition.reason} (${condition.message})`;
}
