import type { MeshCollections } from '../collections/index.ts';
import type { GatewayObject } from '../objects/index.ts';
import { ownController, type WaypointInfo } from '../translate/index.ts';
import type { DeploymentSettings } from './deployment-settings.ts';
import { type RenderedWaypoint, renderWaypoint } from './render-waypoint.ts';

/** The objects of a Gateway, and the ConfigMap whose change makes them others. */
export interface RenderedGateway {
  /** The ConfigMap that it names for its parameters, `namespace/name`, whether that is there or not. */
  readonly parameters: string | undefined;
  readonly rendered: RenderedWaypoint;
}

/** What is to be there for the Gateway of a waypoint that we deploy. Pure. */
export function renderGateway(
  { gateway, waypoint }: { readonly gateway: GatewayObject; readonly waypoint: WaypointInfo },
  { gatewayClasses, configMaps }: Pick<MeshCollections['objects'], 'gatewayClasses' | 'configMaps'>,
  { roots, settings }: { readonly roots: string; readonly settings: DeploymentSettings },
): RenderedGateway {
  const controller = ownController(gateway.className, gatewayClasses.get(gateway.className), settings) ?? '';
  const parameters = parametersKey(gateway);
  const found = parameters === undefined ? undefined : configMaps.get(parameters);
  if (gateway.infrastructure.parametersRef !== undefined && found === undefined)
    return { parameters, rendered: { fault: describeMissing(gateway) } };
  const rendered = renderWaypoint({ gateway, waypoint, controller, parameters: found, roots, settings });
  return { parameters, rendered };
}

/** Undefined where nothing is named, or nothing that could be read. */
function parametersKey({ meta, infrastructure }: GatewayObject): string | undefined {
  const reference = infrastructure.parametersRef;
  if (reference === undefined || reference.kind !== 'ConfigMap' || reference.group !== '') return undefined;
  return `${meta.namespace}/${reference.name}`;
}

function describeMissing({ meta, infrastructure: { parametersRef } }: GatewayObject): string {
  const { group = '', kind = '', name = '' } = parametersRef ?? {};
  return kind === 'ConfigMap' && group === ''
    ? `infrastructure.parametersRef: there is no ConfigMap ${meta.namespace}/${name}`
    : `infrastructure.parametersRef: expected a ConfigMap of the core group, got ${kind} of ${JSON.stringify(group)}`;
}
