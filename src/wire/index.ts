export { createGrpcClient, type GrpcClient, type GrpcClientOptions } from './client/grpc-client.ts';
export {
  type RootCertificates,
  readCredential,
  watchRootCertificateFile,
} from './client/root-certificates.ts';
export { type AddressResource, addressCodec, workloadCodec } from './codec/address/address-codec.ts';
export { authorizationCodec } from './codec/authorization-codec.ts';
export { denialInPlaceOf } from './codec/authorization-denial.ts';
export { enrolmentPodCodec } from './codec/enrolment-pod-codec.ts';
export { membershipCodec } from './codec/membership-codec.ts';
export { encodeResource, type ResourceCodec } from './codec/resource-codec.ts';
export { trustBundleCodec } from './codec/trust-bundle-codec.ts';
export { refusalInPlaceOf } from './codec/waypoint/refusal.ts';
export { waypointResourceCodec, waypointResourceName } from './codec/waypoint/waypoint-resource-codec.ts';
export { contentVersion } from './content-version.ts';
export { frameMessage, unframeMessage } from './grpc/message-framing.ts';
export { WIRE_ERROR_CODES, WireError, type WireErrorCode } from './errors.ts';
export {
  type AgentPod,
  type AgentRequest,
  decodeAgentRequest,
  encodeAgentAck,
  encodeAgentHello,
  MOST_PACKET_BYTES,
} from './message/agent-message.ts';
export type { CertificateRequest, CertificateResponse } from './message/certificate-message.ts';
export {
  type CheckedHttp,
  type CheckedPeer,
  type CheckRequest,
  encodeCheckRequest,
} from './message/check-request-message.ts';
export {
  type CheckedHeader,
  type CheckedParameter,
  type CheckResponse,
  decodeCheckResponse,
  type HeaderAction,
} from './message/check-response-message.ts';
export type { Authenticate, CallPeer } from './server/authentication.ts';
export {
  type GrpcServer,
  type GrpcServerOptions,
  type GrpcServices,
  startGrpcServer,
} from './server/grpc-server.ts';
export type { ListenTarget, ServerCertificate } from './server/tls-listener.ts';
