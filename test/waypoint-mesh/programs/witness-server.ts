// A backend that takes whatever it is sent and remembers it: `node witness-server.ts`. Its HTTP parser is the lenient one, since an
// attack on the proxy in front needs a backend that reads differently. `/witness/requests` tells what it has seen.
import { createServer } from 'node:http';

export interface WitnessedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  /** Its body has come to its end. */
  complete: boolean;
}

const seen: WitnessedRequest[] = [];
createServer(
  { insecureHTTPParser: true, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
  (request, response) => {
    const { method = '', url = '', rawHeaders } = request;
    if (url === '/witness/requests') {
      response.end(JSON.stringify(seen));
      return;
    }
    const witnessed: WitnessedRequest = { method, url, headers: rawHeaders, complete: false };
    seen.push(witnessed);
    request.on('error', () => response.destroy());
    request.resume().on('end', () => {
      witnessed.complete = true;
      response.end('seen');
    });
  },
).listen({ port: 8080, host: '::', backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
console.log('listening');
