import type { MethodDefinition } from '@grpc/grpc-js';
import type {
  EnrolmentReceipt,
  EnrolmentReport,
  ObservationReceipt,
  ObservationReport,
} from '../../model/index.ts';
import type { DeltaRequest, DeltaResponse } from '../../xds/index.ts';
import {
  type CertificateRequest,
  type CertificateResponse,
  decodeCertificateRequest,
  decodeCertificateResponse,
  encodeCertificateRequest,
  encodeCertificateResponse,
} from '../message/certificate-message.ts';
import { decodeDeltaRequest, encodeDeltaRequest } from '../message/delta-request-message.ts';
import { decodeDeltaResponse, encodeDeltaResponse } from '../message/delta-response-message.ts';
import {
  decodeNodeReceipt,
  decodeNodeReport,
  encodeNodeReceipt,
  encodeNodeReport,
} from '../message/node-report-message.ts';
import {
  decodeObservationReceipt,
  decodeObservationReport,
  encodeObservationReceipt,
  encodeObservationReport,
} from '../message/observation/report-message.ts';

/** A method of a service with the way its messages become bytes, for client and server alike. */
export type Method<Request, Response> = MethodDefinition<Request, Response>;

export const DELTA_RESOURCES: Method<DeltaRequest, DeltaResponse> = {
  path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  requestStream: true,
  responseStream: true,
  requestSerialize: encodeDeltaRequest,
  requestDeserialize: decodeDeltaRequest,
  responseSerialize: encodeDeltaResponse,
  responseDeserialize: decodeDeltaResponse,
};

export const CREATE_CERTIFICATE: Method<CertificateRequest, CertificateResponse> = {
  path: '/istio.v1.auth.IstioCertificateService/CreateCertificate',
  requestStream: false,
  responseStream: false,
  requestSerialize: encodeCertificateRequest,
  requestDeserialize: decodeCertificateRequest,
  responseSerialize: encodeCertificateResponse,
  responseDeserialize: decodeCertificateResponse,
};

export const REPORT: Method<EnrolmentReport, EnrolmentReceipt> = {
  path: '/nodemesh.enrolment.NodeReports/Report',
  requestStream: false,
  responseStream: false,
  requestSerialize: encodeNodeReport,
  requestDeserialize: decodeNodeReport,
  responseSerialize: encodeNodeReceipt,
  responseDeserialize: decodeNodeReceipt,
};

export const REPORT_OBSERVATIONS: Method<ObservationReport, ObservationReceipt> = {
  path: '/nodemesh.observation.v1.Observations/Report',
  requestStream: false,
  responseStream: false,
  requestSerialize: encodeObservationReport,
  requestDeserialize: decodeObservationReport,
  responseSerialize: encodeObservationReceipt,
  responseDeserialize: decodeObservationReceipt,
};
