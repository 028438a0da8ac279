import {
  type Service,
  type ServiceKey,
  serviceKey,
  type TelemetrySettings,
  type WaypointTelemetry,
  waypointTelemetryName,
} from '../../model/index.ts';
import type { RulesOf, TelemetryRules } from '../../proxy/index.ts';
import type { ResourceStore } from '../resources/resource-store.ts';

/** What holds for what goes to a service, or (undefined) to a pod that was dialled by its own address. */
export type TelemetryOf = (service: Service | undefined) => TelemetryRules;

/** Looks it up in what the waypoint was told last. */
export function createTelemetryLookup(
  resources: Pick<ResourceStore, 'get' | 'gateway'>,
  rulesOf: RulesOf,
): TelemetryOf {
  const name = waypointTelemetryName(resources.gateway);
  const byService = new WeakMap<WaypointTelemetry, ReadonlyMap<ServiceKey, TelemetrySettings>>();

  function servicesOf(telemetry: WaypointTelemetry): ReadonlyMap<ServiceKey, TelemetrySettings> {
    const known = byService.get(telemetry);
    if (known !== undefined) return known;
    const made = new Map(telemetry.services.map(({ service, settings }) => [service, settings]));
    byService.set(telemetry, made);
    return made;
  }

  return (service) => {
    const resource = resources.get(name);
    if (resource?.kind !== 'telemetry') return rulesOf(undefined);
    const { telemetry } = resource;
    const own =
      service === undefined || telemetry.services.length === 0
        ? undefined
        : servicesOf(telemetry).get(serviceKey(service.namespace, service.hostname));
    return rulesOf(own ?? telemetry.settings);
  };
}
