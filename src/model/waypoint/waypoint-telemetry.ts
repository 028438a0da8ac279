import type { ServiceKey } from '../service.ts';
import type { TelemetrySettings } from '../telemetry/index.ts';
import type { GatewayKey } from './attachment.ts';

/** What a waypoint is to tell of what goes through it, and to whom. */
export interface WaypointTelemetry {
  readonly gateway: GatewayKey;
  readonly settings: TelemetrySettings;
  /** Services that something else holds for; each with everything that does. */
  readonly services: readonly { readonly service: ServiceKey; readonly settings: TelemetrySettings }[];
}

/** The name under which a waypoint is told of it: Telemetry objects have no resource of their own. */
export function waypointTelemetryName(gateway: GatewayKey): string {
  return `Telemetry/${gateway}`;
}
