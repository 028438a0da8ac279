import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, nameOf } from '../../subject/index.ts';

/** An istiod that fetches keys from wherever an author of a RequestAuthentication likes. */
export function* analyzeJwksRanges(mesh: AnalysedMesh): Iterable<Finding> {
  const fetched = mesh.of('security.istio.io/RequestAuthentication').filter(({ spec }) =>
    spec
      .key('jwtRules')
      .items()
      .some((rule) => (rule.key('jwksUri').text() ?? '') !== ''),
  );
  if (fetched.length === 0) return;
  for (const object of mesh.inNamespace('apps/Deployment', mesh.settings.rootNamespace)) {
    if (object.labels.get('app') !== 'istiod' && !object.name.startsWith('istiod')) continue;
    const containers = object.spec.key('template').key('spec').key('containers').items();
    const isSet = containers
      .flatMap((container) => container.key('env').items())
      .some(
        (variable) =>
          variable.key('name').value === 'BLOCKED_CIDRS_IN_JWKS_URIS' && variable.key('value').value !== '',
      );
    if (!isSet)
      yield finding(
        ISTIO.JwksUriFetchUnrestricted,
        { object },
        fetched.length,
        fetched.map(nameOf).sort().join(', '),
      );
  }
}
