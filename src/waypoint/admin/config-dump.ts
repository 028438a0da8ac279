import type { Service } from '../../model/index.ts';
import type { WaypointConfig } from '../config/index.ts';
import { bindsService, type WaypointSelf } from '../listener/dialled-target.ts';
import type { WaypointProxy } from '../waypoint-proxy.ts';
import { type DumpedRoute, dumpRoute } from './dump-route.ts';

/** The routes that the waypoint was told, as people read them. */
export function dumpRoutes({ resources }: Pick<WaypointProxy, 'resources'>): readonly DumpedRoute[] {
  return [...resources.all()]
    .flatMap((resource) => (resource.kind === 'route' ? [dumpRoute(resource.route)] : []))
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** What is known, and nothing secret: certificates without keys. */
export function configDump(
  proxy: Pick<WaypointProxy, 'view' | 'resources' | 'svids' | 'upstreams'>,
  about: { readonly self: WaypointSelf; readonly config: WaypointConfig; readonly version: string },
): Readonly<Record<string, unknown>> {
  const { view, resources, svids, upstreams } = proxy;
  return {
    gateway: about.self.gateway,
    version: { version: about.version, node: process.version },
    config: about.config,
    services: [...view.services()]
      .filter((service) => bindsService(service, view, about.self))
      .map(nameOf)
      .sort(),
    routes: dumpRoutes(proxy),
    resources: [...resources.all()].filter(({ kind }) => kind !== 'route'),
    backends: upstreams.dump(),
    certificates: svids.status(),
  };
}

function nameOf({ namespace, hostname }: Service): string {
  return `${namespace}/${hostname}`;
}
