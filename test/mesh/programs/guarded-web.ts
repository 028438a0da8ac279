// A web server (8080), authorizers over gRPC (9191) and HTTP (9192), and an issuer of tokens, in one pod: `node guarded-web.ts`.
import { createServer, type ServerResponse } from 'node:http';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  CheckRequestSchema,
  CheckResponseSchema,
} from '../../../src/wire/generated/external_authorization_pb.js';

const ISSUER = 'http://issuer.example';
const { publicKey, privateKey } = await generateKeyPair('ES256');
const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
const token = (over: Readonly<Record<string, unknown>>) =>
  new SignJWT({ sub: 'alice', aud: 'web', ...over })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(privateKey);

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

// What it gets is what it answers.
createServer((request, response) => {
  const { method, url, headers } = request;
  if (url === '/keys') json(response, keys);
  else if (url?.startsWith('/token')) {
    const { searchParams } = new URL(url, 'http://web');
    token(Object.fromEntries(searchParams)).then((text) => json(response, { token: text }));
  } else json(response, { method, url, headers });
}).listen(8080);

// Lets through whoever says who it is, and says so to the server behind.
createServer((request, response) => {
  const user = request.headers['x-who'];
  response.setHeader('x-user', String(user)).setHeader('x-path', String(request.url));
  response.statusCode = user === undefined ? 401 : 200;
  response.end('who are you?');
}).listen(9192);

type Answer = MessageInitShape<typeof CheckResponseSchema>;
const grpc = new Server();
grpc.addService(
  {
    check: {
      path: '/envoy.service.auth.v3.Authorization/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: Buffer.from,
      requestDeserialize: (bytes: Buffer) => fromBinary(CheckRequestSchema, bytes),
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  {
    check(
      { request: { attributes } }: { request: ReturnType<typeof fromBinary<typeof CheckRequestSchema>> },
      done: (error: null, bytes: Buffer) => void,
    ) {
      const user = attributes?.request?.http?.headers['x-who'];
      const header = (key: string, value: string) => ({ header: { key, value } });
      const answer: Answer =
        user === undefined
          ? {
              status: { code: 16 },
              httpResponse: {
                case: 'deniedResponse',
                value: { status: { code: 401 }, headers: [header('x-asked', 'grpc')], body: 'who are you?' },
              },
            }
          : {
              status: { code: 0 },
              httpResponse: {
                case: 'okResponse',
                value: {
                  headers: [header('x-user', user), header('x-source', attributes?.source?.principal ?? '')],
                },
              },
            };
      done(null, Buffer.from(toBinary(CheckResponseSchema, create(CheckResponseSchema, answer))));
    },
  },
);
grpc.bindAsync('[::]:9191', ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
process.on('SIGTERM', () => process.exit(0));
