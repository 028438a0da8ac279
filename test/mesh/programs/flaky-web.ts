// `node flaky-web.ts PORT`: answers the first request of each path below /flaky with a 503, all others with the headers that
// they came with, as JSON.
import { createServer } from 'node:http';

const asked = new Set<string>();
createServer((request, response) => {
  const { url = '' } = request;
  if (url.startsWith('/flaky') && !asked.has(url)) response.writeHead(503).end('not now\n');
  else response.end(JSON.stringify(request.headers));
  asked.add(url);
}).listen(Number(process.argv[2] ?? 8080), '::');
