// Attacks from inside a pod: `node attacker.ts BEHAVIOUR FILE` with a JSON plan in FILE. The last line it prints is its answer.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** PEM of the certificate that is shown, and TLS settings that differ from the mesh's. */
interface Credentials {
  readonly cert?: string;
  readonly key?: string;
  readonly tls?: Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ALPNProtocols'>;
}

interface TunnelProbe extends Endpoint, Credentials {
  readonly name: string;
  /** Pseudo headers and headers, as node:http2 takes them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly say?: string;
}

interface PlainProbe extends Endpoint {
  readonly name: string;
  readonly say: string;
}

const GIVE_UP_MS = 8_000;

function openTls({ host, port, cert, key, tls }: Endpoint & Credentials): TLSSocket {
  return connectTls({
    host,
    port,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...tls,
  });
}

/** A status, what the tunnel answered, or how the connection ended. */
function probeTunnel(probe: TunnelProbe): Promise<string> {
  return new Promise((resolve) => {
    const socket = openTls(probe);
    const finish = (outcome: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish('timeout'), GIVE_UP_MS);
    socket.on('error', (error: NodeJS.ErrnoException) => finish(`refused: ${error.code}`));
    socket.on('close', () => finish('refused: closed'));
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') return;
      const session = connectHttp2('https://pod', { createConnection: () => socket });
      session.on('error', (error: NodeJS.ErrnoException) => finish(`refused: ${error.code}`));
      session.on('goaway', (code) => finish(`refused: goaway ${code}`));
      const stream = session.request(probe.headers, { endStream: false });
      stream.on('error', (error: NodeJS.ErrnoException) => finish(`refused: ${error.code}`));
      stream.on('response', (headers) => {
        const status = String(headers[':status']);
        if (status !== '200' || probe.say === undefined) {
          finish(status);
          return;
        }
        let text = '';
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (text.length >= (probe.say?.length ?? 0)) finish(`200 ${text}`);
        });
        stream.write(probe.say);
      });
    });
  });
}

/** What came back, or how it ended. */
function probePlain({ host, port, say }: PlainProbe): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (outcome: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish('timeout'), 1_500);
    socket.on('connect', () => socket.write(say));
    socket.on('data', (chunk: Buffer) => finish(`answered: ${chunk.toString('latin1').slice(0, 60)}`));
    socket.on('end', () => finish('refused: end'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(`refused: ${error.code}`));
  });
}

/** The body of a page, or the empty text. */
function fetchText({ host, port }: Endpoint, path: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, timeout: 1_500 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(''));
  });
}

async function all<T extends { readonly name: string }>(
  probes: readonly T[],
  work: (probe: T) => Promise<string>,
): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(await Promise.all(probes.map(async (probe) => [probe.name, await work(probe)])));
}

/** Sockets that opened and are still open after `holdMs`; `first` is sent on each once it is connected. */
async function hold(count: number, holdMs: number, open: () => Socket): Promise<unknown> {
  const sockets: Socket[] = [];
  let failed = 0;
  for (let made = 0; made < count; ) {
    const batch = Math.min(200, count - made);
    made += batch;
    await Promise.all(
      Array.from(
        { length: batch },
        () =>
          new Promise<void>((resolve) => {
            const socket = open();
            const timer = setTimeout(resolve, 2_000);
            const settle = (): void => {
              clearTimeout(timer);
              resolve();
            };
            sockets.push(socket);
            socket.once('connect', settle);
            socket.on('error', () => {
              failed += 1;
              settle();
            });
          }),
      ),
    );
  }
  console.log('holding');
  await new Promise((resolve) => setTimeout(resolve, holdMs));
  const alive = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length;
  for (const socket of sockets) socket.destroy();
  return { count, failed, alive };
}

// Written by the test that runs this.
const plan = JSON.parse(readFileSync(process.argv[3] ?? '', 'utf8')) as Record<string, never>;

const behaviours: Readonly<Record<string, () => Promise<unknown>>> = {
  tunnels: () => all<TunnelProbe>(plan.probes ?? [], probeTunnel),
  plain: () => all<PlainProbe>(plan.probes ?? [], probePlain),
  /** Metrics of all ztunnels among `hosts`. */
  async metrics() {
    const hosts: readonly string[] = plan.hosts ?? [];
    const pages = await Promise.all(hosts.map((host) => fetchText({ host, port: 15020 }, '/metrics')));
    return { pages: pages.filter((page) => page.includes('component="ztunnel"') || page.includes('istio_')) };
  },
  /** COUNT connections that never say a word. */
  async silent() {
    const { host, port, count, holdMs } = plan as unknown as Endpoint & { count: number; holdMs: number };
    return hold(count, holdMs, () => connect({ host, port }));
  },
  /** COUNT connections that begin a TLS handshake and leave it there. */
  async halfOpen() {
    const { host, port, count, holdMs } = plan as unknown as Endpoint & { count: number; holdMs: number };
    return hold(count, holdMs, () => {
      const socket = connect({ host, port });
      // The beginning of a ClientHello whose rest never comes.
      socket.once('connect', () => socket.write(Buffer.from('1603010200010001fc0303', 'hex')));
      return socket;
    });
  },
};

const behave = behaviours[process.argv[2] ?? ''];
if (behave === undefined) throw new Error(`expected one of ${Object.keys(behaviours).join(', ')}`);
console.log(JSON.stringify(await behave()));
process.exit(0);
