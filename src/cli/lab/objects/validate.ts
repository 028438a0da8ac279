import type { ManifestObject } from '../../../lab/cluster/index.ts';
import { LabError } from '../../../lab/index.ts';

/** What the mesh's own kinds would be refused for by an API server that has their schema; one text per bad object. */
export async function problemsOf(
  objects: readonly ManifestObject[],
): Promise<ReadonlyMap<ManifestObject, string>> {
  const problems = new Map<ManifestObject, string>();
  const candidates = objects.filter(({ apiVersion }) => apiVersion.startsWith(SECURITY_GROUP));
  if (candidates.length === 0) return problems;
  // Loaded only when there is something to look at: it is the controller's.
  const { formatIssue, inspectObject, objectKindOf } = await import('../../../controller/index.ts');
  for (const object of candidates) {
    const kind = objectKindOf(object);
    const issues = kind === undefined ? [] : inspectObject(kind, object).issues;
    if (issues.length > 0) problems.set(object, issues.map(formatIssue).join('; '));
  }
  return problems;
}

/** Throws ERR_LAB_MANIFEST that names everything that is wrong. */
export async function requireValid(objects: readonly ManifestObject[]): Promise<void> {
  const problems = await problemsOf(objects);
  if (problems.size === 0) return;
  const lines = [...problems].map(([{ kind, metadata }, problem]) => `${kind} ${metadata.name}: ${problem}`);
  throw new LabError({
    code: 'ERR_LAB_MANIFEST',
    blame: 'downstream',
    message: lines.join('\n'),
    hint: 'a policy that cannot be understood denies what it selects; --no-validate applies it all the same',
  });
}

const SECURITY_GROUP = 'security.istio.io/';
