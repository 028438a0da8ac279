import { CollectionNode, type Store } from './collection-node.ts';

/** Values that come from outside. */
export class StoreNode<T> extends CollectionNode<T> implements Store<T> {
  set(key: string, value: T): void {
    this.write(key, value);
  }

  delete(key: string): void {
    this.write(key, undefined);
  }
}
