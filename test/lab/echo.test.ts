import { connect as connectHttp2 } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { test, type Test } from 'tap';
import { WebSocket } from 'ws';
import { chooseCode } from '../../src/lab/echo/advanced/response-code.ts';
import { GATEWAY_ECHO_SERVICE, gatewayEchoMethod } from '../../src/lab/echo/grpc/index.ts';
import type { GatewayEcho } from '../../src/lab/echo/grpc/index.ts';
import {
  type BasicEchoOptions,
  type EchoClientOptions,
  runAdvancedEcho,
  runBasicEcho,
  runEchoClient,
} from '../../src/lab/echo/index.ts';

const POD = { namespace: 'shop', ingress: '', service: 'svc', pod: 'echo-1' };
const NOWHERE = { certificate: '/nowhere/crt', key: '/nowhere/key' };

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '::'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()));
  return ports;
}

/** Starts an image and ends it with the test; resolves when it listens. */
async function started(
  t: Test,
  run: (write: (line: string) => void, signal: AbortSignal) => Promise<void>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const end = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const write = (line: string): void => {
      lines.push(line);
      resolve();
    };
    const running = run(write, end.signal);
    running.catch(reject);
    t.teardown(async () => {
      end.abort();
      await running;
    });
  });
  return lines;
}

async function basic(
  t: Test,
  options: Partial<BasicEchoOptions> = {},
): Promise<{ port: number; h2c: number; tls: number; lines: readonly string[] }> {
  const [port = 0, h2c = 0, tls = 0] = await freePorts(3);
  const lines = await started(t, (write, signal) =>
    runBasicEcho(
      {
        kind: 'http',
        port,
        h2cPort: h2c,
        tlsPort: tls,
        certificate: undefined,
        pod: POD,
        write,
        ...options,
      },
      signal,
    ),
  );
  return { port, h2c, tls, lines };
}

async function advanced(
  t: Test,
): Promise<{ http: number; grpc: number; tcp: number; https: number; grpcs: number }> {
  const [http = 0, grpc = 0, tcp = 0, https = 0, grpcs = 0] = await freePorts(5);
  await started(t, (write, signal) =>
    runAdvancedEcho(
      {
        httpPorts: [http, https],
        grpcPorts: [grpc, grpcs],
        tcpPorts: [tcp],
        tlsPorts: [https, grpcs],
        certificate: NOWHERE,
        hostname: 'echo-1',
        write,
      },
      signal,
    ),
  );
  return { http, grpc, tcp, https, grpcs };
}

async function client(
  url: string,
  options: Partial<EchoClientOptions> = {},
): Promise<{ code: number; lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await runEchoClient({
    url,
    method: 'GET',
    headers: [],
    followRedirects: false,
    http2: false,
    message: 'HelloWorld',
    count: 1,
    timeoutMs: 5_000,
    write: (line) => lines.push(line),
    ...options,
  });
  return { code, lines };
}

function callGateway(address: string, method: string): Promise<GatewayEcho> {
  const definition = gatewayEchoMethod(GATEWAY_ECHO_SERVICE, method);
  const stub = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.add('x-asked', 'yes');
  return new Promise<GatewayEcho>((resolve, reject) => {
    stub.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      {},
      metadata,
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
    );
  }).finally(() => stub.close());
}

test('echo-basic tells what it saw, sets what it is asked to, and logs each request', async (t) => {
  const { port, lines } = await basic(t);
  const response = await fetch(`http://127.0.0.1:${port}/a//b?c=d`, {
    headers: { 'x-echo-set-header': 'X-One:1,X-Two:a:b,X-One:2', 'x-mine': 'm' },
  });
  t.equal(response.headers.get('x-one'), '1,2');
  t.equal(response.headers.get('x-two'), 'a:b');
  t.match(await response.json(), {
    path: '/a//b?c=d',
    method: 'GET',
    proto: 'HTTP/1.1',
    host: `127.0.0.1:${port}`,
    headers: { 'X-Mine': ['m'] },
    ...POD,
  });
  t.match(lines.at(-1), /^Echoing back request made to \/a\/\/b\?c=d to client \(127\.0\.0\.1:\d+\)$/);
});

test('echo-basic answers with the status that the path asks for', async (t) => {
  const { port } = await basic(t);
  const status = async (path: string): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  t.equal(await status('/status/418'), 418);
  t.equal(await status('/status/x'), 400);
  const retried = '/retry/once?uuid=u&succeedAfter=2&responseCode=503';
  t.same([await status(retried), await status(retried), await status(retried)], [503, 503, 200]);
});

test('echo-basic insists on HTTP/2 at its h2c port', async (t) => {
  const { h2c } = await basic(t);
  t.equal((await fetch(`http://127.0.0.1:${h2c}/`)).status, 400);
  const { lines } = await client(`http://127.0.0.1:${h2c}/x`, { http2: true });
  t.ok(lines.includes('[0] StatusCode=200'));
  t.match(lines.at(-1), /"proto":"HTTP\/2\.0"/);
});

test('echo-basic speaks TLS with a certificate of its own when the files are not there', async (t) => {
  const { tls } = await basic(t, { certificate: NOWHERE });
  for (const http2 of [false, true]) {
    const { lines } = await client(`https://localhost:${tls}/`, { http2 });
    const about = JSON.parse((lines.at(-1) ?? '').replace('[0 body] ', '')) as Record<string, unknown>;
    t.match(about, { tls: { version: 'TLSv1.3', serverName: 'localhost' } });
    t.equal(about.proto, http2 ? 'HTTP/2.0' : 'HTTP/1.1');
  }
});

test('echo-basic echoes a WebSocket at /ws and nowhere else', async (t) => {
  const { port } = await basic(t);
  const { lines } = await client(`ws://127.0.0.1:${port}/ws`, { message: 'over and out' });
  t.equal(lines.at(-1), '[0 body] over and out');
  const refused = new WebSocket(`ws://127.0.0.1:${port}/other`);
  const [error] = await new Promise<[Error]>((resolve) => refused.once('error', (e) => resolve([e])));
  t.match(error, { message: /400/ });
});

test('echo-basic is a gRPC server whose third method is not there', async (t) => {
  const { port } = await basic(t, { kind: 'grpc' });
  const address = `127.0.0.1:${port}`;
  for (const method of ['Echo', 'EchoTwo']) {
    const answer = await callGateway(address, method);
    t.match(answer, { method: `/${GATEWAY_ECHO_SERVICE}/${method}`, authority: address, ...POD });
    t.ok(answer.headers.some(([key, value]) => key === 'x-asked' && value === 'yes'));
  }
  await t.rejects(callGateway(address, 'EchoThree'), { code: status.UNIMPLEMENTED });
});

test('echo-basic is a TCP server that knows three words', async (t) => {
  const { port } = await basic(t, { kind: 'tcp' });
  const { connect } = await import('node:net');
  const socket = connect({ host: '127.0.0.1', port });
  socket.write('PING\nIS_TLS\nTEST\n');
  let got = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) {
    got += chunk;
    if (got.split('\n').length === 5) break;
  }
  const [welcome, pong, isTls, about = ''] = got.split('\n');
  t.same([welcome, pong, isTls], ['Gateway API Test TCP Server', 'PONG', 'false']);
  t.match(JSON.parse(about), { ...POD, isTLS: false, tcpport: String(port) });
});

test('echo-advanced and its client speak every scheme', async (t) => {
  const ports = await advanced(t);
  const schemes: readonly (readonly [url: string, proto: RegExp, Partial<EchoClientOptions>?])[] = [
    [`127.0.0.1:${ports.http}/%2e%2e/./x`, /URL=\/%2e%2e\/\.\/x$/],
    [`http://127.0.0.1:${ports.http}`, /Proto=HTTP\/2\.0$/, { http2: true }],
    [`https://localhost:${ports.https}`, /Proto=HTTP\/1\.1$/],
    [`https://localhost:${ports.https}`, /Alpn=h2$/, { http2: true }],
    [`ws://127.0.0.1:${ports.http}/any`, /HelloWorld$/],
    [`wss://localhost:${ports.https}`, /HelloWorld$/],
    [`grpc://127.0.0.1:${ports.grpc}`, /Proto=GRPC$/],
    [`grpcs://localhost:${ports.grpcs}`, /Echo=HelloWorld$/],
    [`tcp://127.0.0.1:${ports.tcp}`, /Proto=TCP$/],
  ];
  for (const [url, expected, options = {}] of schemes) {
    const { code, lines } = await client(url, { headers: ['X-Mine:m'], ...options });
    t.equal(code, 0, url);
    t.ok(
      lines.some((line) => line.startsWith('[0 body] ') && expected.test(line)),
      `${url} told ${expected}`,
    );
    t.ok(
      lines.some((line) => line.endsWith('Hostname=echo-1')),
      `${url} told who answered`,
    );
  }
});

test('the client counts, keeps its connection, and tells failures', async (t) => {
  const { http, grpc } = await advanced(t);
  const { lines } = await client(`http://127.0.0.1:${http}/?codes=404`, {
    count: 3,
    headers: ['Host: other'],
  });
  t.equal(lines.filter((line) => line.endsWith('StatusCode=404')).length, 3);
  t.ok(lines.includes('[2 body] Host=other'));
  const failed = await client(`grpc://127.0.0.1:${http}`, { timeoutMs: 500 });
  t.equal(failed.code, 1);
  t.match(failed.lines.at(-1), /^\[0 error\] /);
  await t.rejects(client(`gopher://127.0.0.1:${grpc}`), /expected a URL of http/);
});

test('the client follows redirects when it is asked to', async (t) => {
  const { http } = await advanced(t);
  const url = `http://127.0.0.1:${http}/?codes=302&headers=location:%2Fthere`;
  t.ok((await client(url)).lines.includes('[0] StatusCode=302'));
  const followed = (await client(url, { followRedirects: true })).lines;
  t.ok(followed.includes('[0] StatusCode=200'));
  t.ok(followed.includes('[0 body] URL=/there'));
});

test('one HTTP port takes both versions, and a request that arrives byte by byte', async (t) => {
  const { http } = await advanced(t);
  const { connect } = await import('node:net');
  const socket = connect({ host: '127.0.0.1', port: http, noDelay: true });
  for (const byte of 'PUT /slow HTTP/1.0\r\n\r\n') {
    socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  let got = '';
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) got += chunk;
  t.match(got, /^HTTP\/1\.1 200 [\s\S]*URL=\/slow\n/);
  const session = connectHttp2(`http://127.0.0.1:${http}`);
  const stream = session.request({ ':path': '/two' });
  let body = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) body += chunk;
  session.close();
  t.match(body, /URL=\/two\n/);
});

test('codes are drawn by their shares', async (t) => {
  t.equal(chooseCode('', 0.5), 200);
  t.equal(chooseCode('503', 0.99), 503);
  t.equal(chooseCode('500:90,200:10', 0.89), 500);
  t.equal(chooseCode('500:90,200:10', 0.9), 200);
  for (const bad of ['x', '600', '500:-1', '500,', '500:0']) t.equal(chooseCode(bad, 0), 400, bad);
});
