// Sends bytes as they are: `node raw-requests.ts HOST PORT`, a RawRequest as a JSON line each on standard input. Prints a RawResult
// line for each, in any order; ends when all are done.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export interface RawRequest {
  readonly id: string;
  /** One character a byte. Each part is sent when the one before has had time to be read on its own. */
  readonly parts: readonly string[];
}

export interface RawResult {
  readonly id: string;
  /** Of the answers, in their order. */
  readonly statuses: readonly number[];
  /** The first of what came, one character a byte. */
  readonly text: string;
  /** How the other side left the connection: 'open', 'end' or an error's code. */
  readonly ending: string;
}

const [host = '', port = '0'] = process.argv.slice(2);
const AT_ONCE = 16;
/** Nothing more for so long: nothing more will come. */
const QUIET_MS = 400;
/** Nothing at all for so long: a busy machine takes its time for the first of it. */
const SILENT_MS = 2_500;
const TEXT_LENGTH = 300;

async function send({ id, parts }: RawRequest): Promise<RawResult> {
  const socket = connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  let text = '';
  let ending = 'open';
  socket.setEncoding('latin1');
  await new Promise<void>((resolve) => {
    let quiet = setTimeout(resolve, 10_000);
    const stir = (): void => {
      clearTimeout(quiet);
      quiet = setTimeout(resolve, text === '' ? SILENT_MS : QUIET_MS);
    };
    const finish = (how: string): void => {
      if (ending === 'open') ending = how;
      clearTimeout(quiet);
      resolve();
    };
    socket.on('data', (part: string) => {
      text += part;
      stir();
    });
    socket.on('end', () => finish('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
    socket.on('connect', async () => {
      for (const part of parts) {
        socket.write(part, 'latin1');
        await new Promise((settle) => setTimeout(settle, 30));
      }
      stir();
    });
  });
  socket.destroy();
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
  return { id, statuses, text: text.slice(0, TEXT_LENGTH), ending };
}

const waiting: RawRequest[] = [];
let running = 0;
let ended = false;

function next(): void {
  while (running < AT_ONCE) {
    const request = waiting.shift();
    if (request === undefined) break;
    running += 1;
    void send(request).then((result) => {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      running -= 1;
      next();
    });
  }
  if (ended && running === 0 && waiting.length === 0) process.exit(0);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    waiting.push(JSON.parse(line) as RawRequest);
    next();
  })
  .on('close', () => {
    ended = true;
    next();
  });
