import type { Field } from '../../../fields/index.ts';
import { int32From } from '../../name-rules.ts';
import { type BackendReference, parseBackendReference } from '../backend-reference.ts';

/** Where copies of requests go, and of how many. */
export interface RequestMirror {
  readonly backend: BackendReference;
  /** The share of requests; all of them where the object says nothing. */
  readonly numerator: number;
  readonly denominator: number;
}

/** `percent` and `fraction` exclude one another; without either all requests are copied. */
export function parseRequestMirror(field: Field): RequestMirror {
  field.object(['backendRef', 'percent', 'fraction']);
  const percent = field.key('percent').integer({ minimum: 0, maximum: 100 });
  const fraction = field.key('fraction').object(['numerator', 'denominator']);
  if (field.key('percent').present && fraction.present)
    field.issue('only one of percent and fraction', 'both');
  return {
    backend: parseBackendReference(field.key('backendRef')),
    ...(fraction.present ? parseFraction(fraction) : { numerator: percent ?? 100, denominator: 100 }),
  };
}

function parseFraction(field: Field): { readonly numerator: number; readonly denominator: number } {
  const numerator = field.key('numerator').required().integer(int32From(0)) ?? 0;
  const denominator = field.key('denominator').integer(int32From(1)) ?? 100;
  if (numerator > denominator) {
    field.key('numerator').issue(`a number that is not greater than the denominator, ${denominator}`);
  }
  return { numerator, denominator };
}
