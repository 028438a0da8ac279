import type { LabClient } from '../../../lab/client/index.ts';
import { complaints } from './gateway-columns.ts';
import { field, listField } from './object-fields.ts';
import { objectNotes, ROUTE_KINDS } from './object-notes.ts';

/** Routes for Services that no waypoint was told, with the reason: a sentence each. `known`: `HTTPRoute shop/cart`. */
export async function absentRoutes(
  lab: Pick<LabClient, 'objects'>,
  known: ReadonlySet<string>,
  namespace: string | undefined,
): Promise<readonly string[]> {
  const lists = await Promise.all(ROUTE_KINDS.map((kind) => lab.objects(kind, namespace)));
  const absent = lists
    .flat()
    .filter(({ kind, metadata }) => !known.has(`${kind} ${metadata.namespace}/${metadata.name}`))
    .filter(({ spec }) =>
      listField(spec, 'parentRefs').some((parent) => field(parent, 'kind') === 'Service'),
    );
  const notes = await objectNotes(lab, absent);
  return absent.map((object) => {
    const { kind, metadata } = object;
    const why = [...complaints(object), ...(notes.get(object) ?? [])].join('; ');
    return `${kind} ${metadata.namespace}/${metadata.name} is at no waypoint${why === '' ? '' : `: ${why}`}`;
  });
}
