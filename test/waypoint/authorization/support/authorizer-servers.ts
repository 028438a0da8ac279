import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Server as GrpcServer, ServerCredentials, type ServiceError } from '@grpc/grpc-js';
import {
  type AttributeContext,
  CheckRequestSchema,
  CheckResponseSchema,
} from '../../../../src/wire/generated/external_authorization_pb.js';

export type CheckAnswer = MessageInitShape<typeof CheckResponseSchema>;
type GrpcAnswer = CheckAnswer | Buffer | Pick<ServiceError, 'code' | 'details'> | 'never';

/** An authorizer that is a gRPC server like any other. */
export interface GrpcAuthorizer {
  readonly port: number;
  readonly asked: readonly AttributeContext[];
  close(): void;
}

export async function startGrpcAuthorizer(
  answer: (asked: AttributeContext, index: number) => GrpcAnswer,
): Promise<GrpcAuthorizer> {
  const asked: AttributeContext[] = [];
  const server = new GrpcServer();
  server.addService(
    {
      check: {
        path: '/envoy.service.auth.v3.Authorization/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: Buffer.from,
        requestDeserialize: (bytes: Buffer) => fromBinary(CheckRequestSchema, bytes).attributes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      check(call: { request: AttributeContext }, done: (error: object | null, bytes?: Buffer) => void) {
        asked.push(call.request);
        const said = answer(call.request, asked.length - 1);
        if (said === 'never') return;
        if (Buffer.isBuffer(said)) done(null, said);
        else if ('details' in said) done(said);
        else done(null, Buffer.from(toBinary(CheckResponseSchema, create(CheckResponseSchema, said))));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, asked, close: () => server.forceShutdown() };
}

export interface AskedHttp extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string;
}

export interface HttpAuthorizerServer {
  readonly server: Server;
  readonly asked: readonly AskedHttp[];
}

/** Listens only when it is made an endpoint. */
export function httpAuthorizer(
  answer: (response: ServerResponse, asked: AskedHttp) => void,
): HttpAuthorizerServer {
  const asked: AskedHttp[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const question = { method, url, headers, body: (await buffer(request)).toString() };
    asked.push(question);
    answer(response, question);
  });
  return { server, asked };
}
