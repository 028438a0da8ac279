import type { ManifestObject } from '../../../lab/cluster/index.ts';
import { LabError } from '../../../lab/index.ts';

/** What is looked at: objects as they were written, or as the lab keeps them. */
export interface InspectedObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What is wrong with objects, by object; who is in neither is sound. */
export interface Inspection<T> {
  /** What an API server that has the schemas would refuse objects for; one text per bad object. */
  readonly problems: ReadonlyMap<T, string>;
  /** What it would pass over, and what was most likely not meant so: sentences. */
  readonly notices: ReadonlyMap<T, readonly string[]>;
}

/** Looks at objects of custom kinds that the mesh reads; all others are the lab's to judge. */
export async function inspectAll<T extends InspectedObject>(objects: readonly T[]): Promise<Inspection<T>> {
  const problems = new Map<T, string>();
  const notices = new Map<T, readonly string[]>();
  const candidates = objects.filter(({ apiVersion }) => GROUPS.some((group) => apiVersion.startsWith(group)));
  if (candidates.length === 0) return { problems, notices };
  // Loaded only when there is something to look at: it is the controller's.
  const { apiVersionsOf, formatIssue, formatNotices, inspectObject, objectKindOf } = await import(
    '../../../controller/objects/index.ts'
  );
  for (const object of candidates) {
    const kind = objectKindOf(object);
    if (kind === undefined) {
      const versions = apiVersionsOf(object.kind);
      if (versions !== undefined)
        problems.set(object, `apiVersion: expected one of ${versions.join(', ')}, got ${object.apiVersion}`);
      continue;
    }
    const found = inspectObject(kind, object);
    if (found.issues.length > 0) problems.set(object, found.issues.map(formatIssue).join('; '));
    if (found.notices.length > 0) notices.set(object, formatNotices(found.notices));
  }
  return { problems, notices };
}

/** Throws ERR_LAB_MANIFEST that names everything that is wrong. */
export async function requireValid(objects: readonly ManifestObject[]): Promise<void> {
  const { problems } = await inspectAll(objects);
  if (problems.size === 0) return;
  const lines = [...problems].map(([{ kind, metadata }, problem]) => `${kind} ${metadata.name}: ${problem}`);
  throw new LabError({
    code: 'ERR_LAB_MANIFEST',
    blame: 'downstream',
    message: lines.join('\n'),
    hint: 'with --no-validate it is applied all the same: a policy that cannot be understood denies what it selects',
  });
}

const GROUPS = ['security.istio.io/', 'gateway.networking.k8s.io/', 'nodemesh.io/'];
