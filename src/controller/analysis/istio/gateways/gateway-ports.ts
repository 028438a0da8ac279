import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  formatSelector,
  type Workload,
} from '../../subject/index.ts';
import { selects } from '../../../objects/index.ts';

/** Gateways of Istio's kind that select no pods, or whose ports the pods' Services do not have. */
export function* analyzeGatewayPorts(mesh: AnalysedMesh): Iterable<Finding> {
  const known = new Map<string, ReadonlySet<number>>();
  for (const object of mesh.of('networking.istio.io/Gateway')) {
    const selector = object.spec.key('selector').textMap();
    const pods = mesh.workloads.select(undefined, selector);
    if (pods.length === 0) {
      const at = { object, path: ['spec', 'selector'] };
      yield finding(ISTIO.ReferencedResourceNotFound, at, 'selector', formatSelector(selector));
      continue;
    }
    const offered = known.get(formatSelector(selector)) ?? portsOf(mesh, pods);
    known.set(formatSelector(selector), offered);
    for (const server of object.spec.key('servers').items()) {
      const number = server.key('port').key('number');
      const port = number.integer();
      if (port === undefined || offered.has(port)) continue;
      yield finding(
        ISTIO.GatewayPortNotDefinedOnService,
        { object, path: number.path },
        port,
        formatSelector(selector),
      );
    }
  }
}

/** Ports of the Services in front of the pods, and of the pods behind them: a server may be told by either. */
function portsOf(mesh: AnalysedMesh, pods: readonly Workload[]): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const pod of pods) {
    for (const service of mesh.inNamespace('/Service', pod.namespace)) {
      const selector = service.spec.key('selector').textMap();
      if (selector.size > 0 && selects(selector, pod.labels)) addPorts(ports, service, pod);
    }
  }
  return ports;
}

function addPorts(ports: Set<number>, service: AnalysedObject, pod: Workload): void {
  for (const port of service.spec.key('ports').items()) {
    if ((port.key('protocol').text() ?? 'TCP') === 'UDP') continue;
    const target = port.key('targetPort').value;
    for (const found of [
      port.key('port').value,
      typeof target === 'string' ? namedPort(pod, target) : target,
    ])
      if (typeof found === 'number' && found !== 0) ports.add(found);
  }
}

function namedPort({ spec }: Workload, name: string): unknown {
  return spec
    .key('containers')
    .items()
    .flatMap((container) => container.key('ports').items())
    .find((port) => port.key('name').value === name)
    ?.key('containerPort').value;
}
