import { owningWaypoints, type ServiceKey, serviceKey, type WaypointBinding } from '../../../model/index.ts';
import type { ServiceObject } from '../../objects/index.ts';
import { appProtocolOf } from '../app-protocol.ts';
import type { MeshSettings } from '../mesh-settings.ts';
import { serviceHostname } from '../service-hostname.ts';

/** What routes want to know of a Service. Nothing else about it concerns them. */
export interface ServiceFacts {
  readonly key: ServiceKey;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  /** `headless`: it has no address of its own. `external`: it is a name in DNS and nothing else. */
  readonly form: 'cluster' | 'headless' | 'external';
  readonly ports: readonly ServicePortFacts[];
  /** Some waypoint is to be on the way to it. Without one nobody looks at its routes. */
  readonly hasWaypoint: boolean;
}

/** What routes want to know of a port. */
export interface ServicePortFacts {
  readonly port: number;
  readonly name: string;
  readonly isTcp: boolean;
  /** It says itself (appProtocol) that it wants TLS. */
  readonly wantsTls: boolean;
}

/** Also of a Service without addresses, or that is a name in DNS: their routes have to be told why not. */
export function serviceFacts(
  object: ServiceObject,
  binding: WaypointBinding,
  settings: MeshSettings,
): ServiceFacts {
  const { namespace, name } = object.meta;
  const hostname = serviceHostname(name, namespace, settings.clusterDomain);
  return {
    key: serviceKey(namespace, hostname),
    hasWaypoint: owningWaypoints(binding).length > 0,
    namespace,
    name,
    hostname,
    form:
      object.type === 'ExternalName'
        ? 'external'
        : object.clusterAddresses.length === 0
          ? 'headless'
          : 'cluster',
    ports: object.ports.map(({ port, name: portName, protocol, appProtocol }) => ({
      port,
      name: portName,
      isTcp: protocol === 'TCP',
      wantsTls: appProtocol !== '' && appProtocolOf({ port, name: portName, appProtocol }) === 'tls',
    })),
  };
}
