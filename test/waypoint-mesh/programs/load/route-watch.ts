// Requests one after another over one connection until its input ends: `node route-watch.ts HOST PORT`. Notes when an answer's
// `x-route` is another than before. Prints one JSON line: what was seen when (Unix time in milliseconds), and what failed.
import { Agent, type IncomingMessage, request } from 'node:http';

export interface RouteWatchReport {
  readonly sent: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly changes: readonly { readonly route: string; readonly atMs: number }[];
}

const [host = '', port = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const failures: Record<string, number> = {};
const changes: { readonly route: string; readonly atMs: number }[] = [];
let sent = 0;
let ended = false;
process.stdin
  .on('data', () => undefined)
  .on('end', () => {
    ended = true;
  });

function ask(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const attempt = request({ host, port, path: '/status', agent }, (response) => {
      response.on('end', () => resolve(response)).on('error', reject);
      response.resume();
    });
    attempt.on('error', reject);
    attempt.end();
  });
}

while (!ended) {
  sent += 1;
  try {
    const { statusCode, headers } = await ask();
    const route = String(headers['x-route'] ?? '');
    if (statusCode !== 200) failures[`status ${statusCode}`] = (failures[`status ${statusCode}`] ?? 0) + 1;
    else if (route !== changes.at(-1)?.route)
      changes.push({ route, atMs: performance.timeOrigin + performance.now() });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    failures[text] = (failures[text] ?? 0) + 1;
  }
}
agent.destroy();
console.log(JSON.stringify({ sent, failures, changes } satisfies RouteWatchReport));
