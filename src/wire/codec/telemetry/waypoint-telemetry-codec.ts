import { create } from '@bufbuild/protobuf';
import {
  type GatewayKey,
  NO_TELEMETRY,
  type ServiceKey,
  type TelemetrySettings,
  type WaypointTelemetry,
} from '../../../model/index.ts';
import type { Settings } from '../../generated/telemetry_pb.js';
import { type Telemetry, TelemetrySchema } from '../../generated/waypoint_pb.js';
import { requireText } from '../field.ts';
import { decodeTelemetrySettings, encodeTelemetrySettings } from './settings-codec.ts';

/** `nodemesh.waypoint.Telemetry`. */
export function encodeWaypointTelemetry({ gateway, settings, services }: WaypointTelemetry): Telemetry {
  return create(TelemetrySchema, {
    gateway,
    settings: encodeTelemetrySettings(settings),
    services: services.map((one) => ({
      service: one.service,
      settings: encodeTelemetrySettings(one.settings),
    })),
  });
}

/** Throws ERR_WIRE_FIELD only where it is not said whom the settings are for. */
export function decodeWaypointTelemetry(message: Telemetry): WaypointTelemetry {
  return {
    gateway: requireText(message.gateway, 'telemetry.gateway') as GatewayKey,
    settings: settingsOf(message.settings),
    services: message.services.map(({ service, settings }, index) => ({
      service: requireText(service, `telemetry.services[${index}].service`) as ServiceKey,
      settings: settingsOf(settings),
    })),
  };
}

function settingsOf(settings: Settings | undefined): TelemetrySettings {
  return settings === undefined ? NO_TELEMETRY : decodeTelemetrySettings(settings);
}
