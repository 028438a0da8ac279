import type { ObjectEvent, SourceProblem } from '../object-source.ts';
import { createManifestClaims } from './manifest-claims.ts';
import { readParsed } from './manifest-text.ts';

/** What a source would have told. */
export interface ReadObjects {
  readonly events: readonly ObjectEvent[];
  readonly problems: readonly SourceProblem[];
}

/** Objects that are there already, read as a source that had them in one file would: once, with nothing to be followed. */
export function readObjects(objects: readonly object[], origin: string): ReadObjects {
  const claims = createManifestClaims();
  claims.update(origin, readParsed(origin, objects));
  return { events: claims.flush(), problems: claims.problems() };
}
