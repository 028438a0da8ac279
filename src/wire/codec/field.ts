import { describeError, MeshError } from '../../base/index.ts';
import { type Cidr, cidrFromBytes, type IpAddress, ipAddressFromBytes } from '../../model/index.ts';
import { WireError } from '../errors.ts';

/** A field that cannot be used; `path` names it from the resource down, as in `addresses[0]`. */
export function badField(path: string, problem: string, cause?: unknown): WireError {
  return new WireError({
    code: 'ERR_WIRE_FIELD',
    blame: 'upstream',
    message: `${path}: ${problem}`,
    cause,
  });
}

/** Throws ERR_WIRE_FIELD for the empty text. */
export function requireText(value: string, path: string): string {
  if (value === '') throw badField(path, 'expected text, got nothing');
  return value;
}

/** 0 is allowed: several fields use it for "unset". */
export function decodePort(value: number, path: string): number {
  if (value > 0xffff) throw badField(path, `expected a port from 0 to 65535, got ${value}`);
  return value;
}

/** 4 or 16 bytes. Throws ERR_WIRE_FIELD. */
export function decodeAddress(bytes: Uint8Array, path: string): IpAddress {
  try {
    return ipAddressFromBytes(bytes);
  } catch (error) {
    throw relocated(path, error);
  }
}

/** 4 or 16 bytes and the length of the prefix. Throws ERR_WIRE_FIELD. */
export function decodeRange(bytes: Uint8Array, prefixLength: number, path: string): Cidr {
  try {
    return cidrFromBytes(bytes, prefixLength);
  } catch (error) {
    throw relocated(path, error);
  }
}

/** Runs a check of the model and names the field if it fails. */
export function checkField<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw relocated(path, error);
  }
}

function relocated(path: string, error: unknown): unknown {
  return error instanceof MeshError ? badField(path, describeError(error), error) : error;
}
