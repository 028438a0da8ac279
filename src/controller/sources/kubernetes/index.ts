export {
  createKubernetesSource,
  type KubernetesSource,
  type KubernetesSourceOptions,
  type KubernetesSourceSettings,
} from './kubernetes-source.ts';
export { READ_KINDS, readKind, resourceName } from './kind-table.ts';
