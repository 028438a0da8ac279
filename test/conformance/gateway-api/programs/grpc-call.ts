import { Client, credentials, type MethodDefinition, Metadata, status } from '@grpc/grpc-js';
import {
  GATEWAY_ECHO_SERVICE,
  type GatewayEcho,
  gatewayEchoMethod,
  ISTIO_ECHO,
} from '../../../../src/lab/echo/grpc/index.ts';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverOrder } from './order.ts';

const clients = new Map<string, Client>();

/** Calls an echo service and answers in the form that the HTTP servers answer in. */
export async function callGrpc(order: DriverOrder): Promise<ReceivedAnswer> {
  try {
    return await answered(order);
  } catch (error) {
    const code = codeOf(error);
    // A call that failed with a code was answered.
    if (code === undefined || !(error instanceof Error)) throw error;
    return { status: 0, code, headers: [], body: '', error: error.message };
  }
}

async function answered(order: DriverOrder): Promise<ReceivedAnswer> {
  if (order.path === ISTIO_ECHO.path) {
    const { answer, headers } = await call(order, ISTIO_ECHO, 'hello');
    // Istio's client tells the status that it would be in HTTP, and knows success alone.
    return { status: 200, code: 'OK', headers, body: answer };
  }
  const [, service = GATEWAY_ECHO_SERVICE, method = ''] = order.path.split('/');
  const { answer, headers } = await call(order, gatewayEchoMethod(service, method), {});
  return { status: 200, code: 'OK', headers, body: asEchoBasic(answer) };
}

function asEchoBasic({ pod, namespace, authority, method, headers }: GatewayEcho): string {
  const grouped: Record<string, string[]> = {};
  for (const [name, value] of headers) grouped[name] = [...(grouped[name] ?? []), value];
  return JSON.stringify({ pod, namespace, host: authority, path: method, method: 'POST', headers: grouped });
}

function call<Request, Response>(
  order: DriverOrder,
  method: MethodDefinition<Request, Response>,
  request: Request,
): Promise<{ readonly answer: Response; readonly headers: ReceivedAnswer['headers'] }> {
  const client = clientFor(order);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(order.headers)) metadata.add(name, value);
  return new Promise((resolve, reject) => {
    const headers: (readonly [string, string])[] = [];
    const running = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + order.timeoutMs },
      (error, answer) => {
        if (order.count === 1) client.close();
        if (error === null && answer !== undefined) resolve({ answer, headers });
        else reject(error);
      },
    );
    running.on('metadata', (received) => {
      for (const [name, value] of Object.entries(received.getMap())) headers.push([name, String(value)]);
    });
  });
}

/** As with HTTP: single calls have a channel of their own. */
function clientFor({ host, port, authority, count }: DriverOrder): Client {
  const address = `${host}:${port}`;
  const make = (): Client =>
    new Client(address, credentials.createInsecure(), {
      'grpc.default_authority': authority,
      'grpc.use_local_subchannel_pool': 1,
    });
  if (count === 1) return make();
  const key = `${address} ${authority}`;
  const client = clients.get(key) ?? make();
  clients.set(key, client);
  return client;
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? status[code] : undefined;
}
