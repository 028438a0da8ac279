import type { RouteParentStatus, RouteStatus } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** What the controller makes of routes. */
export function* analyzeRoutes(mesh: AnalysedMesh): Iterable<Finding> {
  for (const status of mesh.derived.collections.routeStatuses.values()) {
    const object = mesh.get(`gateway.networking.k8s.io/${status.kind}`, status.namespace, status.name);
    if (object === undefined) continue;
    yield* attachmentFindings(mesh, object, status);
    const told = new Set<string>();
    for (const found of status.parents.flatMap((parent) => conditionFindings(object, parent))) {
      // What is wrong with a rule is wrong for each of the parents.
      const key = `${found.definition.code} ${found.text}`;
      if (!told.has(key)) yield found;
      told.add(key);
    }
    if (status.withoutWaypoint.length > 0) {
      const at = { object, path: ['spec', 'parentRefs'] };
      yield finding(OWN.RouteWithoutWaypoint, at, status.withoutWaypoint.join(', '));
    }
  }
}

/** Parents that nobody answers for. Gateways of others, and such as are not in the files, are left to whose they are. */
function* attachmentFindings(
  mesh: AnalysedMesh,
  object: AnalysedObject,
  status: RouteStatus,
): Iterable<Finding> {
  const parents = object.spec.key('parentRefs').items();
  const at = { object, path: parents.length === 0 ? ['spec'] : ['spec', 'parentRefs'] };
  if (parents.length === 0) yield finding(OWN.RouteNotAttached, at, 'it has no parentRefs');
  if (status.parents.length > 0 || !mesh.settings.complete) return;
  for (const parent of parents) {
    const kind = parent.key('kind').text() ?? 'Gateway';
    const namespace = parent.key('namespace').text() ?? object.namespace;
    const name = parent.key('name').text() ?? '';
    if (kind === 'Gateway' && mesh.get('gateway.networking.k8s.io/Gateway', namespace, name) === undefined)
      yield finding(
        OWN.RouteNotAttached,
        { object, path: parent.path },
        `Gateway ${namespace}/${name} was not found`,
      );
  }
}

function conditionFindings(object: AnalysedObject, { conditions }: RouteParentStatus): readonly Finding[] {
  return conditions.flatMap(({ type, status, reason, message }): readonly Finding[] => {
    const rules = { object, path: ['spec', 'rules'] };
    const parents = { object, path: ['spec', 'parentRefs'] };
    if (type === 'PartiallyInvalid')
      return status === 'True' ? [finding(OWN.RouteRuleDropped, rules, message)] : [];
    if (status === 'True') return [];
    if (type === 'ResolvedRefs') {
      const definition = reason === 'RefNotPermitted' ? OWN.ReferenceNotGranted : OWN.RouteBackendNotFound;
      return [finding(definition, rules, message)];
    }
    if (reason === 'Conflicted') return [finding(OWN.RouteConflict, parents, message)];
    const aboutRules = reason === 'IncompatibleFilters' || message.startsWith('no rule can be used');
    return aboutRules
      ? [finding(OWN.RouteRuleDropped, rules, message)]
      : [finding(OWN.RouteNotAttached, parents, message)];
  });
}
