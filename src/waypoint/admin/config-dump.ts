import type { ExtensionKey, Service, WaypointResource } from '../../model/index.ts';
import type { WaypointConfig } from '../config/index.ts';
import { bindsService } from '../listener/dialled-target.ts';
import type { WaypointProxy } from '../waypoint-proxy.ts';
import { dumpEndpoints } from './dump-endpoints.ts';
import { type DumpedRoute, dumpRoute } from './dump-route.ts';

/** The routes that the waypoint was told, as people read them. */
export function dumpRoutes({ resources }: Pick<WaypointProxy, 'resources'>): readonly DumpedRoute[] {
  const known = { hasExtension: (key: ExtensionKey) => resources.get(key) !== undefined };
  return [...resources.all()]
    .flatMap((resource) => (resource.kind === 'route' ? [dumpRoute(resource.route, known)] : []))
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** What is known, and nothing secret: certificates without keys. */
export function configDump(
  proxy: Pick<WaypointProxy, 'view' | 'resources' | 'svids' | 'upstreams' | 'self'>,
  about: { readonly config: WaypointConfig; readonly version: string },
): Readonly<Record<string, unknown>> {
  const { view, resources, svids, self } = proxy;
  return {
    gateway: self.gateway,
    version: { version: about.version, node: process.version },
    config: about.config,
    services: [...view.services()]
      .filter((service) => bindsService(service, view, self))
      .map(nameOf)
      .sort(),
    routes: dumpRoutes(proxy),
    resources: [...resources.all()].filter(({ kind }) => kind !== 'route').map(withoutSecrets),
    backends: dumpEndpoints(proxy),
    certificates: svids.status(),
  };
}

/** What a question to an authorizer is sent with is often what proves to it who asks. */
function withoutSecrets(resource: WaypointResource): WaypointResource {
  if (resource.kind !== 'authorizer' || resource.authorizer.protocol.kind !== 'http') return resource;
  const { protocol } = resource.authorizer;
  const additionalHeaders = protocol.additionalHeaders.map(({ name }) => ({ name, value: 'not shown' }));
  return {
    kind: 'authorizer',
    authorizer: { ...resource.authorizer, protocol: { ...protocol, additionalHeaders } },
  };
}

function nameOf({ namespace, hostname }: Service): string {
  return `${namespace}/${hostname}`;
}
