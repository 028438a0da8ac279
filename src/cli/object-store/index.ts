export {
  meansLab,
  type ObjectPlaceOptions,
  withObjectPlaceOptions,
  withObjectReader,
  withObjects,
  withObjectsToChange,
} from './choose-place.ts';
export { clusterObjects, type ObjectReader } from './cluster-objects.ts';
export type { ObjectStore } from './object-store.ts';
