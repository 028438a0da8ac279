import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';
import { annotationProblem } from './annotation-values.ts';
import { knownAnnotation } from './known-annotations.ts';

/** Annotations of Istio's that nobody knows, that are on the wrong kind, that cannot be read, or that are on their way out. */
export function* analyzeAnnotations(mesh: AnalysedMesh): Iterable<Finding> {
  for (const kind of ['/Namespace', '/Service', '/Pod', 'apps/Deployment'])
    for (const object of mesh.of(kind)) yield* annotationsOf(object);
}

function* annotationsOf(object: AnalysedObject): Iterable<Finding> {
  const fromPlugin = object.kind === 'Pod' && isSetUpByPlugin(object);
  for (const [name, value] of object.annotations) {
    if (!isIstios(name) || (fromPlugin && BY_PLUGIN.has(name))) continue;
    const at = { object, path: ['metadata', 'annotations', name] };
    const known = knownAnnotation(name);
    if (known === undefined) {
      yield finding(ISTIO.UnknownAnnotation, at, name);
      continue;
    }
    const { kinds } = known;
    const anywhere = kinds.includes('Any');
    const misplaced = !anywhere && !kinds.includes(object.kind);
    if (misplaced) yield finding(ISTIO.MisplacedAnnotation, at, name, kinds.join(', '));
    const problem = anywhere || misplaced ? undefined : annotationProblem(name, value);
    if (problem !== undefined) yield finding(ISTIO.InvalidAnnotation, at, name, problem);
    if (known.deprecated) yield finding(ISTIO.DeprecatedAnnotation, at, name, '');
  }
}

/** One annotation of Kubernetes' own is documented with Istio's. */
function isIstios(name: string): boolean {
  return name === 'kubernetes.io/ingress.class' || (name.split('/', 1)[0] ?? '').endsWith('istio.io');
}

/** Istio's network plugin has written into the pod what nobody chose. */
function isSetUpByPlugin({ spec }: AnalysedObject): boolean {
  return spec
    .key('initContainers')
    .items()
    .some((container) => container.key('name').value === 'istio-validation');
}

const BY_PLUGIN: ReadonlySet<string> = new Set([
  'sidecar.istio.io/interceptionMode',
  'traffic.sidecar.istio.io/excludeInboundPorts',
  'traffic.sidecar.istio.io/includeInboundPorts',
  'traffic.sidecar.istio.io/includeOutboundIPRanges',
]);
