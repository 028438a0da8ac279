import { type Finding, nameOf } from '../../../controller/index.ts';

/** What an analysis has come to, for any format. */
export interface Report {
  readonly findings: readonly Finding[];
  /** How many objects were looked at. */
  readonly objects: number;
}

/** `Service shop/cart`. */
export function describeObject({ object }: Finding): string {
  return `${object.kind} ${nameOf(object)}`;
}
