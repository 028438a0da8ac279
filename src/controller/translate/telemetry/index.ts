export { mergeTelemetry } from './merge-telemetry.ts';
export { type MeshTelemetry, translateMeshTelemetry } from './mesh-telemetry.ts';
export { type TelemetryOutcome, telemetryOutcome } from './telemetry-outcome.ts';
