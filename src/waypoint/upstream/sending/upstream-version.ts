import type { HttpRequest } from '../../../http/index.ts';
import type { AppProtocol } from '../../../model/index.ts';
import { isGrpc } from '../../request/failure-response.ts';
import type { UpstreamVersion } from '../connections/http-connector.ts';

/**
 * What is spoken to an endpoint: what its port says, whatever the client speaks. A port that says nothing gets the client's
 * own version, since a client that speaks HTTP/2 without asking knows that its server does. gRPC is always HTTP/2, and a
 * connection that may leave HTTP (WebSocket) never is.
 */
export function upstreamVersion(request: HttpRequest, protocol: AppProtocol): UpstreamVersion {
  if (request.upgrade !== undefined) return '1.1';
  if (isGrpc(request)) return '2';
  switch (protocol) {
    case 'http2':
    case 'grpc':
      return '2';
    case 'unknown':
      return request.version === '2' ? '2' : '1.1';
    case 'http1':
    case 'tcp':
    case 'tls':
      return '1.1';
  }
}
