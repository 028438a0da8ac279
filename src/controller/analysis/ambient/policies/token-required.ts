import type { Field } from '../../../objects/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** Tokens that are verified where they are, and asked for by nobody. */
export function* analyzeRequiredTokens(mesh: AnalysedMesh): Iterable<Finding> {
  const asking = new Set(
    mesh
      .of('security.istio.io/AuthorizationPolicy')
      .filter(({ spec }) => spec.key('rules').items().some(asksForToken))
      .flatMap((object) => targetsOf(object).map(({ key }) => key)),
  );
  for (const object of mesh.of('security.istio.io/RequestAuthentication')) {
    if (object.spec.key('jwtRules').items().length === 0) continue;
    for (const { key, name, field } of targetsOf(object)) {
      const waypoint = waypointOf(mesh, key);
      if (asking.has(key) || (waypoint !== undefined && asking.has(waypoint))) continue;
      yield finding(OWN.TokenNotRequired, { object, path: field.path }, name);
    }
  }
}

function asksForToken(rule: Field): boolean {
  const sources = rule
    .key('from')
    .items()
    .map((from) => from.key('source'));
  return (
    sources.some(
      (source) => source.key('requestPrincipals').present || source.key('notRequestPrincipals').present,
    ) ||
    rule
      .key('when')
      .items()
      .some((condition) => (condition.key('key').text() ?? '').startsWith('request.auth.'))
  );
}

interface Target {
  readonly key: string;
  readonly name: string;
  readonly field: Field;
}

function targetsOf({ spec, namespace }: AnalysedObject): readonly Target[] {
  const single = spec.key('targetRef');
  return [...(single.present ? [single] : []), ...spec.key('targetRefs').items()].map((field) => {
    const [kind, name] = [field.key('kind').text() ?? '', field.key('name').text() ?? ''];
    return { key: `${kind} ${namespace}/${name}`, name: `${kind} ${name}`, field };
  });
}

/** A policy of a Service's waypoint holds for the Service too. */
function waypointOf(mesh: AnalysedMesh, key: string): string | undefined {
  const [kind, name = ''] = key.split(' ');
  if (kind !== 'Service') return undefined;
  const [namespace = '', service = ''] = name.split('/');
  const waypoint = mesh.waypointOf(namespace, service);
  return waypoint === undefined ? undefined : `Gateway ${waypoint.key}`;
}
