export type { AuthorizerObject, ExtensionProviderObject } from './extension-provider.ts';
export { MESH_CONFIG_NAMES, type MeshConfigObject, parseMeshConfig } from './mesh-config.ts';
