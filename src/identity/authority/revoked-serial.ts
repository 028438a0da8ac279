import { normalSerial } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { allSigners, type RootSigners } from './root-signers.ts';

/** One entry of the revocation lists. */
export interface RevokedSerial {
  /** Upper-case hex, no leading zeros. */
  readonly serial: string;
  readonly atMs: number;
  /** When every certificate that it could be of has expired. */
  readonly untilMs: number;
}

/**
 * A serial number in the spelling of the lists.
 * @throws IdentityError ERR_IDENTITY_SERIAL.
 */
export function checkSerial(text: string, roots: readonly RootSigners[]): string {
  const serial = normalSerial(text);
  // RFC 5280 §4.1.2.2: at most 20 octets.
  if (!/^[0-9A-F]{1,40}$/.test(serial))
    throw serialError(
      `expected a serial number of up to 40 hex digits, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  const signer = roots.flatMap(allSigners).find(({ certificate }) => certificate.serial === serial);
  if (signer === undefined) return serial;
  throw serialError(
    `expected the serial number of a workload's certificate, got that of ${signer.name}`,
    'a signing certificate is not revoked but replaced: rotate the root',
  );
}

function serialError(message: string, hint?: string): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_SERIAL', blame: 'downstream', message, hint });
}
