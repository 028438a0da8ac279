import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, type HostOwner, indexHosts } from '../../subject/index.ts';
import { type RouteDestination, routeDestinations, virtualServices } from './route-parts.ts';

/** Destinations that are no known host, or of which nobody can tell which port is meant. */
export function* analyzeDestinations(mesh: AnalysedMesh): Iterable<Finding> {
  const hosts = indexHosts(mesh);
  for (const object of virtualServices(mesh)) {
    for (const destination of routeDestinations(object)) {
      const { host, field, mirror } = destination;
      const owners = hosts.find(host, object.namespace);
      if (owners.length === 0) {
        const at = { object, path: field.key('host').path };
        yield finding(ISTIO.ReferencedResourceNotFound, at, mirror ? 'mirror host' : 'host', host);
        continue;
      }
      const problem = portProblem(destination, owners);
      if (problem === 'missing') {
        const at = { object, path: field.key('port').path };
        const port = field.key('port').key('number').integer() ?? 0;
        yield finding(ISTIO.ReferencedResourceNotFound, at, 'host:port', `${host}:${port}`);
      } else if (problem === 'needed') {
        const at = { object, path: field.path };
        yield finding(ISTIO.VirtualServiceDestinationPortSelectorRequired, at, host, portsOf(owners));
      }
    }
  }
}

function portProblem(
  { field }: RouteDestination,
  owners: readonly HostOwner[],
): 'missing' | 'needed' | undefined {
  const ports = portsOf(owners);
  const port = field.key('port').key('number').integer() ?? 0;
  if (port !== 0) return ports.length === 0 || ports.includes(port) ? undefined : 'missing';
  return ports.length > 1 ? 'needed' : undefined;
}

function portsOf(owners: readonly HostOwner[]): readonly number[] {
  return [...new Set(owners.flatMap(({ ports }) => ports))];
}
