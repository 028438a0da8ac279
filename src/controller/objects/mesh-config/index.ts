export type { AuthorizerObject, ExtensionProviderObject } from './extension-provider.ts';
export type { MeshTelemetryObject } from './mesh-telemetry.ts';
export type { CollectorObject, LogFormatObject, TelemetryProviderObject } from './telemetry-provider.ts';
export { MESH_CONFIG_NAMES, type MeshConfigObject, parseMeshConfig } from './mesh-config.ts';
