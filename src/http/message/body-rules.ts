import { HttpError } from '../errors.ts';
import { type Fault, shown } from './fault.ts';
import type { HttpBody } from './http-message.ts';

/** RFC 9112 §6.3, RFC 9110 §6.4.1: an answer without a body, whatever its fields say. */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304;
}

/**
 * RFC 9110 §8.6: what Content-Length says of an answer; undefined: nothing. To HEAD and with 304 it is about what a GET would
 * have brought, which an answer without a body of its own does not know.
 */
export function announcedLength(method: string, status: number, body: HttpBody): number | undefined {
  if (status === 204) return undefined;
  if (method === 'HEAD' || status === 304) return body.length === 0 ? undefined : body.length;
  return body.stream === undefined ? 0 : body.length;
}

/** Throws ERR_HTTP_HEADER unless the status may end an exchange. */
export function checkFinalStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return;
  throw new HttpError({
    code: 'ERR_HTTP_HEADER',
    blame: 'local',
    message: `expected a final status from 200 to 599, got ${status}`,
  });
}

/** RFC 9110 §8.6: digits alone, and once, even where the others are equal. 15 digits are 888 TiB, and exact in a double. */
export function parseContentLength(values: readonly string[], fault: Fault): number | undefined {
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw fault(`expected one Content-Length, got ${values.length}`);
  if (!/^\d{1,15}$/.test(value)) throw fault(`Content-Length ${shown(value)}`);
  return Number(value);
}
