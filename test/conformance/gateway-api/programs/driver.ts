// Sends requests from inside a pod: `node driver.ts`. One DriverOrder as a JSON line in, one DriverAnswer line out, any number
// of them at once, until standard input ends.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { ReceivedAnswer } from '../compare/index.ts';
import { callGrpc } from './grpc-call.ts';
import { sendHttp } from './http-request.ts';
import { sendHttp2 } from './http2-request.ts';
import type { DriverAnswer, DriverOrder } from './order.ts';
import { echoOverWebSocket } from './websocket-echo.ts';

const KINDS: Readonly<Record<DriverOrder['kind'], (order: DriverOrder) => Promise<ReceivedAnswer>>> = {
  http: sendHttp,
  https: sendHttp,
  h2c: sendHttp2,
  grpc: callGrpc,
  websocket: echoOverWebSocket,
};

async function carryOut(order: DriverOrder): Promise<DriverAnswer> {
  const answers: ReceivedAnswer[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < order.count) {
      started += 1;
      answers.push(
        await KINDS[order.kind](withFreshUuid(order)).catch((error: unknown) => ({
          status: 0,
          headers: [],
          body: '',
          error: error instanceof Error ? error.message : String(error),
        })),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(order.concurrency, order.count) }, worker));
  return { id: order.id, answers };
}

/** The echo server counts the requests of a uuid and fails the first: each request is one of its own. */
function withFreshUuid(order: DriverOrder): DriverOrder {
  if (!order.path.startsWith('/retry')) return order;
  return { ...order, path: order.path.replace(/([?&]uuid=)[^&]*/, `$1${randomUUID()}`) };
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    // Written by driver-session.ts of this very version.
    void carryOut(JSON.parse(line) as DriverOrder).then((answer) => {
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    });
  })
  .on('close', () => process.exit(0));
