import { Readable } from 'node:stream';
import type { MeshError } from '../../base/index.ts';
import { HeaderList, type HttpRequest, type HttpResponse, NO_BODY } from '../../http/index.ts';
import { answerFor } from '../respond.ts';

/** What a client gets for a request that failed: a status and a sentence, or for gRPC a status in its own form. */
export function failureResponse(request: HttpRequest, failure: MeshError): HttpResponse {
  const { status, text, headers } = answerFor(failure);
  if (isGrpc(request)) {
    // gRPC over HTTP/2, "Trailers-Only": the status is in the one block of headers there is.
    const fields = new HeaderList([
      ['content-type', 'application/grpc'],
      ...grpcStatusFields(failure),
      ...headers,
    ]);
    return { status: 200, headers: fields, body: NO_BODY };
  }
  // RFC 9110 §6.4.1: the last three have no content (an injected fault may have any status).
  if (text === '' || status === 204 || status === 205 || status === 304)
    return { status, headers: new HeaderList(headers), body: NO_BODY };
  const body = Buffer.from(`${text}\n`, 'utf8');
  const fields = new HeaderList([['content-type', 'text/plain; charset=utf-8'], ...headers]);
  return {
    status,
    headers: fields,
    body: { stream: Readable.from([body]), length: body.length, trailers: () => undefined },
  };
}

/** How a gRPC call that failed ended, as fields (gRPC over HTTP/2, Status and Status-Message). */
export function grpcStatusFields(failure: MeshError): readonly (readonly [string, string])[] {
  const { grpc, text } = answerFor(failure);
  return [
    ['grpc-status', String(grpc)],
    ['grpc-message', percentEncoded(text)],
  ];
}

/** By its content type, as gRPC over HTTP/2 has it; gRPC-Web is not meant. */
export function isGrpc(request: HttpRequest): boolean {
  const type = request.headers.get('content-type') ?? '';
  return (
    type === 'application/grpc' ||
    type.startsWith('application/grpc+') ||
    type.startsWith('application/grpc;')
  );
}

/** gRPC over HTTP/2, Status-Message: printable ASCII but `%` stands for itself. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}
