import type { PortMapping, Service } from '../service.ts';
import type { Endpoint } from '../mesh-view/index.ts';

/**
 * The pod's port behind a service's port: the endpoint's own mapping first, as named ports differ between pods, then
 * the service's. Undefined when neither says.
 */
export function resolveTargetPort(
  service: Service,
  endpoint: Pick<Endpoint, 'ports'>,
  servicePort: number,
): number | undefined {
  return portIn(endpoint.ports, servicePort) ?? portIn(service.ports, servicePort);
}

/** Whether clients may dial this port of the service. */
export function hasServicePort(service: Service, servicePort: number): boolean {
  return service.ports.some((port) => port.servicePort === servicePort);
}

function portIn(mappings: readonly PortMapping[], servicePort: number): number | undefined {
  for (const mapping of mappings) {
    if (mapping.servicePort === servicePort) return mapping.targetPort === 0 ? undefined : mapping.targetPort;
  }
  return undefined;
}
