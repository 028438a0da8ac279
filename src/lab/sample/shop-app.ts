import { type IncomingMessage, createServer, request, type ServerResponse } from 'node:http';

/** `frontend` asks `cart`, which asks `payments`; `shopper` keeps asking `frontend`. */
export type ShopRole = 'frontend' | 'cart' | 'payments' | 'shopper';

export const SHOP_ROLES: readonly ShopRole[] = ['frontend', 'cart', 'payments', 'shopper'];

/** Which part of the shop, and where it is. */
export interface ShopOptions {
  readonly role: ShopRole;
  readonly port: number;
  /** Where the next service is, `http://cart:8080/`; empty for the last one. */
  readonly next: string;
  readonly requestsPerSecond: number;
  readonly podName: string;
  readonly write: (line: string) => void;
}

/** Runs until `signal`; a server then finishes what it has begun. */
export async function runShop(options: ShopOptions, signal: AbortSignal): Promise<void> {
  if (options.role === 'shopper') await shop(options, signal);
  else await serve(options, signal);
}

const CARD = '4111-1111-1111-1111';
const REQUEST_TIMEOUT_MS = 5_000;
const OPENING_RETRY_MS = 100;

function serve(options: ShopOptions, signal: AbortSignal): Promise<void> {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/healthz') {
      response.end('ok\n');
      return;
    }
    const client = incoming.socket.remoteAddress?.replace('::ffff:', '') ?? 'unknown';
    answer(options, incoming, response, client).catch((error: unknown) => {
      options.write(`${options.role} from=${client} error=${String(error)}`);
      response.writeHead(502, { connection: 'close' }).end(`${options.role}: ${String(error)}\n`);
    });
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port, '::', () => options.write(`${options.role} listens on port ${options.port}`));
    signal.addEventListener('abort', () => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
  });
}

async function answer(
  { role, next, podName, write }: ShopOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
  client: string,
): Promise<void> {
  const order = incoming.headers['x-order'] ?? 'none';
  const behind =
    next === '' ? { paid: true, card: CARD } : (JSON.parse(await get(next, String(order))) as unknown);
  write(`${role} from=${client} order=${order}`);
  // One connection per request: the sample is to show connections.
  response
    .writeHead(200, { 'content-type': 'application/json', connection: 'close' })
    .end(`${JSON.stringify({ service: role, pod: podName, client, order, next: behind })}\n`);
}

async function shop({ next, requestsPerSecond, write }: ShopOptions, signal: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>();
  await shopOpens(next, signal);
  for (let order = 1; !signal.aborted; order++) {
    const startedMs = performance.now();
    const one = get(next, `order-${order}`)
      .then(
        () => write(`ok order-${order} ${(performance.now() - startedMs).toFixed(1)}ms`),
        (error: unknown) => write(`FAILED order-${order} ${String(error)}`),
      )
      .finally(() => running.delete(one));
    running.add(one);
    await pause(1_000 / requestsPerSecond, signal);
  }
  await Promise.all(running);
}

/** The services behind the first one may still be starting: that is no failed order. */
async function shopOpens(next: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const open = await get(next, 'order-0').then(
      () => true,
      () => false,
    );
    if (open) return;
    await pause(OPENING_RETRY_MS, signal);
  }
}

function get(url: string, order: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-order': order, connection: 'close' };
    const attempt = request(url, { agent: false, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    attempt.on('error', reject);
    attempt.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`HTTP status ${response.statusCode}: ${text.trim()}`));
      });
    });
    attempt.end();
  });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done);
  });
}
