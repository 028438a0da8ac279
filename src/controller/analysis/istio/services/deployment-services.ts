import { type Field, selects } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  enrolmentOf,
  hasSidecar,
  type Workload,
} from '../../subject/index.ts';

/** Deployments whose Services do not agree about a port. */
export function* analyzeDeploymentServices(mesh: AnalysedMesh): Iterable<Finding> {
  const services = new Map<string, readonly SelectingService[]>();
  for (const workload of mesh.workloads.all) {
    if (workload.object.kind !== 'Deployment' || !isInSomeMesh(mesh, workload)) continue;
    const { namespace } = workload;
    const known = services.get(namespace) ?? selectingServices(mesh, namespace);
    services.set(namespace, known);
    const own = known.filter(({ selector }) => selects(selector, workload.labels));
    if (own.length > 1) yield* disagreements(workload.object, own);
  }
}

interface SelectingService {
  readonly name: string;
  readonly selector: ReadonlyMap<string, string>;
  readonly ports: readonly Field[];
}

function selectingServices(mesh: AnalysedMesh, namespace: string): readonly SelectingService[] {
  return mesh.inNamespace('/Service', namespace).flatMap(({ name, spec }) => {
    const selector = spec.key('selector').textMap();
    return selector.size === 0 ? [] : [{ name, selector, ports: spec.key('ports').items() }];
  });
}

function isInSomeMesh(mesh: AnalysedMesh, workload: Workload): boolean {
  return enrolmentOf(mesh, workload) === 'in' || hasSidecar(mesh, workload);
}

function* disagreements(object: AnalysedObject, services: readonly SelectingService[]): Iterable<Finding> {
  const entries = services.flatMap(({ name, ports }) => ports.map((port) => ({ name, port })));
  const namesOf = (list: typeof entries): readonly string[] =>
    [...new Set(list.map(({ name }) => name))].sort();
  for (const [port, same] of Map.groupBy(entries, (entry) => entry.port.key('port').integer() ?? 0)) {
    const protocols = new Set(same.map((entry) => entry.port.key('protocol').text() ?? 'TCP'));
    // Of one Service it is meant, as for DNS.
    if (protocols.size > 1 && namesOf(same).length > 1)
      yield finding(
        ISTIO.DeploymentAssociatedToMultipleServices,
        { object },
        object.name,
        port,
        namesOf(same),
      );
  }
  for (const [target, same] of Map.groupBy(entries, ({ port }) => targetOf(port))) {
    const ports = [...new Set(same.map((entry) => entry.port.key('port').integer() ?? 0))].sort(
      (a, b) => a - b,
    );
    if (ports.length > 1 && namesOf(same).length > 1)
      yield finding(ISTIO.DeploymentConflictingPorts, { object }, object.name, namesOf(same), target, ports);
  }
}

/** Absent: the port itself. */
function targetOf(port: Field): string {
  const target = port.key('targetPort').value;
  return String(
    typeof target === 'number' || typeof target === 'string' ? target : (port.key('port').integer() ?? 0),
  );
}
