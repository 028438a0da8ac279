export { deriveTelemetry, type TelemetryCollections } from './telemetry-collections.ts';
