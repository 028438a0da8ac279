import { create, toBinary } from '@bufbuild/protobuf';
import { parseSpiffeId, type WorkloadIdentity } from '../../model/index.ts';
import { checkField, requireText } from '../codec/field.ts';
import { decodeMessage } from '../codec/resource-codec.ts';
import { WireError } from '../errors.ts';
import {
  IstioCertificateRequestSchema,
  IstioCertificateResponseSchema,
} from '../generated/certificate_pb.js';
import { asBuffer } from './delta-request-message.ts';

/** A certificate that is asked for (`istio.v1.auth.IstioCertificateRequest`). */
export interface CertificateRequest {
  readonly csrPem: string;
  /** How long the certificate is wanted to be good for. 0: as the CA likes. */
  readonly ttlMs: number;
  /** The identity wanted by a node for one of its pods; undefined: the caller's own. */
  readonly impersonated: WorkloadIdentity | undefined;
}

/** The certificate as it was issued (`istio.v1.auth.IstioCertificateResponse`). */
export interface CertificateResponse {
  /** PEM: the leaf first, then intermediates; the last element holds the roots. */
  readonly chainPem: readonly string[];
}

/** The longest keys make a hundredth of it. */
const LONGEST_REQUEST_BYTES = 65_536;
const IMPERSONATED_IDENTITY = 'ImpersonatedIdentity';

/** The validity is rounded up to whole seconds. */
export function encodeCertificateRequest(request: CertificateRequest): Buffer {
  const message = create(IstioCertificateRequestSchema, {
    csr: request.csrPem,
    validityDuration: BigInt(Math.ceil(request.ttlMs / 1000)),
  });
  if (request.impersonated !== undefined)
    message.metadata = { [IMPERSONATED_IDENTITY]: request.impersonated.id };
  return asBuffer(toBinary(IstioCertificateRequestSchema, message));
}

/** Throws WireError. */
export function decodeCertificateRequest(bytes: Uint8Array): CertificateRequest {
  if (bytes.length > LONGEST_REQUEST_BYTES)
    throw new WireError({
      code: 'ERR_WIRE_INVALID_REQUEST',
      blame: 'downstream',
      message: `a certificate request may have ${LONGEST_REQUEST_BYTES} bytes, got ${bytes.length}`,
    });
  const message = decodeMessage(IstioCertificateRequestSchema, bytes);
  const seconds = message.validityDuration;
  if (seconds < 0n || seconds > LONGEST_SECONDS) {
    throw new WireError({
      code: 'ERR_WIRE_FIELD',
      blame: 'downstream',
      message: `validity_duration: expected 0 to ${LONGEST_SECONDS} seconds, got ${seconds}`,
    });
  }
  const wanted = message.metadata?.[IMPERSONATED_IDENTITY];
  return {
    csrPem: requireText(message.csr, 'csr'),
    ttlMs: Number(seconds) * 1000,
    impersonated:
      typeof wanted === 'string' && wanted !== ''
        ? checkField(`metadata.${IMPERSONATED_IDENTITY}`, () => parseSpiffeId(wanted))
        : undefined,
  };
}

/** The order of the chain is kept: clients take the first and the last by their place. */
export function encodeCertificateResponse(response: CertificateResponse): Buffer {
  const message = create(IstioCertificateResponseSchema, { certChain: [...response.chainPem] });
  return asBuffer(toBinary(IstioCertificateResponseSchema, message));
}

/** Throws WireError. */
export function decodeCertificateResponse(bytes: Uint8Array): CertificateResponse {
  return { chainPem: decodeMessage(IstioCertificateResponseSchema, bytes).certChain };
}

/** A hundred years: beyond it a date no longer fits a certificate anyway. */
const LONGEST_SECONDS = 100n * 366n * 86_400n;
