import type { Field } from '../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../messages/index.ts';
import type { AnalysedMesh } from '../subject/index.ts';

/** What has already been said of objects in their status, and that they are not as their authors want them. */
export function* analyzeConditions(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.objects) {
    if (!GROUPS.has(object.group)) continue;
    const status = object.root.key('status');
    const lists = [
      status,
      ...status.key('parents').items(),
      ...status.key('ancestors').items(),
      ...status.key('listeners').items(),
    ];
    for (const condition of lists.flatMap((list) => list.key('conditions').items())) {
      const type = condition.key('type').text() ?? '';
      if (!isOfTheMesh(type, object.group) || !isNegative(type, condition)) continue;
      const text = (name: string): string => condition.key(name).text() ?? '';
      yield finding(
        ISTIO.NegativeConditionStatus,
        { object, path: condition.path },
        type,
        text('reason'),
        text('message'),
      );
    }
  }
}

/** Others write conditions too, under a domain of theirs; on Kubernetes' own objects also without one. */
function isOfTheMesh(type: string, group: string): boolean {
  const slash = type.indexOf('/');
  if (slash < 0) return group !== '';
  return /(^|\.)(istio|nodemesh)\.io$/.test(type.slice(0, slash));
}

function isNegative(type: string, condition: Field): boolean {
  const status = condition.key('status').text();
  if (TELL_OF_TROUBLE.has(type)) return status === 'True';
  return status === 'False' || (status === 'True' && condition.key('reason').value === 'PartiallyInvalid');
}

/** Conditions that are bad news when they hold. */
const TELL_OF_TROUBLE: ReadonlySet<string> = new Set([
  'Conflicted',
  'OverlappingTLSConfig',
  'PartiallyInvalid',
]);

const GROUPS: ReadonlySet<string> = new Set([
  '',
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
  'extensions.istio.io',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
  'nodemesh.io',
]);
