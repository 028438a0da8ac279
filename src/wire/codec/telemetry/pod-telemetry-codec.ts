import { NO_TELEMETRY, type PodTelemetry } from '../../../model/index.ts';
import type { Pod } from '../../generated/enrolment_pb.js';
import { decodeTelemetrySettings, encodeTelemetrySettings } from './settings-codec.ts';

type Fields = Pick<Pod, 'clientTelemetry' | 'serverTelemetry'>;

/** Two fields of the pod's message; none where nothing is said. */
export function encodePodTelemetry(telemetry: PodTelemetry | undefined): Fields {
  if (telemetry === undefined) return {};
  return {
    clientTelemetry: encodeTelemetrySettings(telemetry.client),
    serverTelemetry: encodeTelemetrySettings(telemetry.server),
  };
}

/** Undefined where neither field is there. Never throws. */
export function decodePodTelemetry({ clientTelemetry, serverTelemetry }: Fields): PodTelemetry | undefined {
  if (clientTelemetry === undefined && serverTelemetry === undefined) return undefined;
  return {
    client: clientTelemetry === undefined ? NO_TELEMETRY : decodeTelemetrySettings(clientTelemetry),
    server: serverTelemetry === undefined ? NO_TELEMETRY : decodeTelemetrySettings(serverTelemetry),
  };
}
