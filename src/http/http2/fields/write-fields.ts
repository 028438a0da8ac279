import { HttpError } from '../../errors.ts';
import { CONNECTION_FIELDS, isForbiddenTrailer } from '../../message/field-kinds.ts';
import { isFieldValue } from '../../message/field-syntax.ts';
import type { HeaderList } from '../../message/header-list.ts';
import { faultOfOutgoing } from '../connection/header-rules.ts';
import type { HeaderField } from '../hpack/index.ts';

/** Adds a message's fields; of those that are about one connection only `te: trailers` is left. Throws ERR_HTTP_HEADER. */
export function addFields(fields: HeaderField[], headers: HeaderList): void {
  for (let index = 0; index < headers.size; index++) {
    const name = headers.lowerNameAt(index);
    const value = headers.valueAt(index);
    // A pseudo-header among them would be a second one.
    if (name.startsWith(':')) throw headerError(`header name ${JSON.stringify(name)}`);
    if (CONNECTION_FIELDS.has(name) && !(name === 'te' && value === 'trailers')) continue;
    fields.push([name, value]);
  }
  for (const field of fields) {
    const fault = faultOfOutgoing(field);
    if (fault !== undefined || !isFieldValue(field[1]))
      throw headerError(fault ?? `the value of ${field[0]}`);
  }
}

/** The fields behind a body; undefined: none. */
export function trailerFields(trailers: HeaderList | undefined): HeaderField[] | undefined {
  if (trailers === undefined || trailers.size === 0) return undefined;
  const fields: HeaderField[] = [];
  addFields(fields, trailers);
  const allowed = fields.filter(([name]) => !isForbiddenTrailer(name));
  return allowed.length === 0 ? undefined : allowed;
}

function headerError(fault: string): HttpError {
  return new HttpError({ code: 'ERR_HTTP_HEADER', blame: 'local', message: `HTTP does not allow ${fault}` });
}
