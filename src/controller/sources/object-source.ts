import type { Closable, Signal } from '../../base/index.ts';
import type { MeshObject, ObjectKind } from '../objects/index.ts';

/** Where objects come from. What stands behind it cannot tell a directory from an API server. */
export interface ObjectSource extends Closable {
  /** Resolves when all that is there now has been delivered as one batch. */
  start(): Promise<void>;
  /** Each batch belongs together and is applied as one. */
  readonly events: Signal<readonly ObjectEvent[]>;
  /** What is wrong at this moment, in a stable order. */
  problems(): readonly SourceProblem[];
  readonly problemChanges: Signal<readonly SourceProblem[]>;
  /** Brings once more all that is in these namespaces, in batches to come: somebody has not kept it. */
  deliverAgain?(namespaces: ReadonlySet<string>): void;
  /** How following goes, kind by kind; a source that follows files has nothing to say about kinds. */
  facts?(): readonly SourceFacts[];
}

/** How it goes with one kind, for metrics. */
export interface SourceFacts {
  readonly kind: ObjectKind;
  readonly objects: number;
  /** Whole lists since the start. */
  readonly lists: number;
  /** Watches that had to be opened again since the start. */
  readonly watchRestarts: number;
  /** When something was last heard of the kind, in milliseconds since the epoch; 0: never. */
  readonly heardMs: number;
}

/** An object that is there, as it is now, or one that is no more. */
export type ObjectEvent =
  | {
      readonly type: 'upsert';
      readonly object: MeshObject;
      /**
       * Empty: the object is sound. Otherwise it is a policy that could not be understood: only its name and what could be
       * read of its selector are to be relied on, and it must refuse what it selects.
       */
      readonly faults: readonly string[];
      /** Gives the whole object as it was written: for the webhook, which judges more than the mesh reads. */
      readonly written?: (() => unknown) | undefined;
    }
  | { readonly type: 'delete'; readonly kind: ObjectKind; readonly key: string };

/** Something that is wrong with what was written, and where. */
export interface SourceProblem {
  /** `error`: something is not in force as it was written. `notice`: something was passed over on purpose. */
  readonly severity: 'error' | 'notice';
  /** Relative to the source's directory. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `spec.rules[0].from`; empty where no single field is to blame. */
  readonly field: string;
  /** `AuthorizationPolicy shop/only-cart`; empty where no object is known. */
  readonly object: string;
  readonly message: string;
}
