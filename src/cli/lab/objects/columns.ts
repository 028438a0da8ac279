import type { KubeObject } from '../../../lab/cluster/objects/index.ts';

/** What a table of objects of one kind shows. */
export interface Columns {
  readonly header: readonly string[];
  readonly row: (object: KubeObject, beside?: Beside) => readonly string[];
}

/** What is to be said of an object and is not in it. */
export interface Beside {
  /** Sentences for the column NOTE. */
  readonly notes?: readonly string[];
  /** `namespace/name` of the waypoint that a label asks for. */
  readonly waypoint?: string | undefined;
  /** Istio's labels and annotations are another mesh's. Default false. */
  readonly sideBySide?: boolean;
}
