import { ModelError } from './errors.ts';

/** A TCP port, 1 to 65535. */
export type Port = number & { readonly __brand: 'Port' };

/** Takes a number, or its decimal digits. Throws ERR_MODEL_PORT. */
export function parsePort(value: number | string): Port {
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 0xffff) {
    throw new ModelError({
      code: 'ERR_MODEL_PORT',
      blame: 'downstream',
      message: `expected a TCP port from 1 to 65535, got ${JSON.stringify(value)}`,
    });
  }
  return number as Port;
}

/** The mesh's own ports inside an enrolled pod (wire.md §1.1). */
export const OUTBOUND_PORT = 15001 as Port;
export const INBOUND_PLAINTEXT_PORT = 15006 as Port;
export const HBONE_PORT = 15008 as Port;

/** Tunnelling to one of these would loop a connection back into the proxy. */
export const RECURSIVE_PORTS: ReadonlySet<number> = new Set([
  OUTBOUND_PORT,
  INBOUND_PLAINTEXT_PORT,
  HBONE_PORT,
]);
