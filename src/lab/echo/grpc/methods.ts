import type { MethodDefinition } from '@grpc/grpc-js';
import {
  decodeGatewayEcho,
  decodeText,
  encodeGatewayEcho,
  encodeText,
  type GatewayEcho,
} from './messages.ts';

/** Of the Gateway API suite. Its third method, EchoThree, is one that servers do not have. */
export const GATEWAY_ECHO_SERVICE = 'gateway_api_conformance.echo_basic.grpcecho.GrpcEcho';

/** The request is an empty message. */
export function gatewayEchoMethod(
  service: string,
  method: string,
): MethodDefinition<Readonly<Record<never, never>>, GatewayEcho> {
  return {
    path: `/${service}/${method}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => ({}),
    responseSerialize: encodeGatewayEcho,
    responseDeserialize: decodeGatewayEcho,
  };
}

/** Istio's: text for text. */
export const ISTIO_ECHO: MethodDefinition<string, string> = {
  path: '/proto.EchoTestService/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: encodeText,
  requestDeserialize: decodeText,
  responseSerialize: encodeText,
  responseDeserialize: decodeText,
};
