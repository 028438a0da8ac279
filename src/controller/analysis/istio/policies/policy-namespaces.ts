import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh } from '../../subject/index.ts';

/** Namespaces that a rule speaks of, and that there are not. */
export function* analyzePolicyNamespaces(mesh: AnalysedMesh): Iterable<Finding> {
  const known = [...mesh.namespaces];
  const verdicts = new Map<string, boolean>();
  const exists = (pattern: string): boolean => {
    const before = verdicts.get(pattern);
    if (before !== undefined) return before;
    const verdict =
      mesh.namespaces.has(pattern) || (pattern.includes('*') && known.some((name) => fits(pattern, name)));
    verdicts.set(pattern, verdict);
    return verdict;
  };
  for (const object of mesh.of('security.istio.io/AuthorizationPolicy')) {
    for (const rule of object.spec.key('rules').items()) {
      for (const from of rule.key('from').items()) {
        const source = from.key('source');
        for (const field of [...source.key('namespaces').items(), ...source.key('notNamespaces').items()]) {
          const name = field.text();
          if (name !== undefined && !exists(name))
            yield finding(ISTIO.ReferencedResourceNotFound, { object, path: field.path }, 'namespace', name);
        }
      }
    }
  }
}

/** `*` alone, before or after a text. */
function fits(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1));
  return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1));
}
