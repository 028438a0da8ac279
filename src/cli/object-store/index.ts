export {
  type ObjectPlaceOptions,
  withObjectPlaceOptions,
  withObjectReader,
  withObjects,
} from './choose-place.ts';
export type { ObjectReader } from './cluster-objects.ts';
export type { ObjectStore } from './object-store.ts';
