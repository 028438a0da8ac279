import type { OwnedList } from '../../model/index.ts';

/** What one writer has to say in an object's `status`. What it does not name stays as it is. */
export interface ObjectStatus {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for kinds without one. */
  readonly namespace: string;
  readonly name: string;
  /**
   * Which part of the controller writes. Of several writes of one writer to one object only the newest counts; different
   * writers never overtake each other, so they must not write the same things.
   */
  readonly writer: string;
  /** Merged by type into `status.conditions`. */
  readonly conditions?: readonly ObjectCondition[];
  /** Types of conditions that are not to be there any more. */
  readonly withdrawnConditions?: readonly string[];
  /** Lists of `status` of which the writer owns all or some entries: `parents`, `ancestors`, `listeners`. */
  readonly lists?: Readonly<Record<string, OwnedList>>;
  /** Fields of `status` that are the writer's as a whole, such as `addresses`; null takes one away. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A condition as it is written; whoever stores it adds the time of its last transition. */
export interface ObjectCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** Names an object whose status is written, within all kinds. */
export function objectName({
  kind,
  namespace,
  name,
}: Pick<ObjectStatus, 'kind' | 'namespace' | 'name'>): string {
  return `status ${kind} ${namespace}/${name}`;
}
