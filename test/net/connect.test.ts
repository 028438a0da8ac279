import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'tap';
import { errnoOf } from '../../src/base/index.ts';
import type { IpAddress } from '../../src/model/index.ts';
import { connectTcp, errorFromErrno, NetError, openListener, openNamespace } from '../../src/net/index.ts';

const LOCALHOST = '127.0.0.1' as IpAddress;

test('a connection carries bytes both ways and may end its halves apart', async (t) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('end', () => socket.end('pong')).resume();
  });
  server.listen({ fd: openListener(undefined, { address: '127.0.0.1', port: 0, mark: 0 }) });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = await connectTcp({ namespace: undefined, address: LOCALHOST, port, timeoutMs: 5000 });
  socket.end('ping');
  t.equal(String((await once(socket, 'data'))[0]), 'pong');
  await once(socket, 'close');
  server.close();
  await once(server, 'close');
});

test('a refused connection is told from others, and may be tried elsewhere', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const error = await failure(
    connectTcp({ namespace: undefined, address: LOCALHOST, port, timeoutMs: 5000 }),
  );
  t.match(error, { code: 'ERR_NET_CONNECT_REFUSED', retryable: true, blame: 'upstream' });
  t.equal(errnoOf(error), 'ECONNREFUSED');
  t.match(error.message, `127.0.0.1:${port}`);
});

test('a caller that gives up is obeyed, before and during the attempt', async (t) => {
  const options = { namespace: undefined, address: '192.0.2.1' as IpAddress, port: 80, timeoutMs: 5000 };
  const early = await failure(connectTcp({ ...options, signal: AbortSignal.abort(new Error('gone')) }));
  t.match(early, { code: 'ERR_NET_CONNECT_ABORTED', cause: { message: 'gone' } });
  const controller = new AbortController();
  const attempt = failure(connectTcp({ ...options, signal: controller.signal }));
  controller.abort(new Error('gone too'));
  const error = await attempt;
  // Without a route the kernel is faster than the caller.
  t.ok(['ERR_NET_CONNECT_ABORTED', 'ERR_NET_CONNECT_UNREACHABLE'].includes(error.code), error.code);
});

test('each errno has one code, and its name stays in the cause', async (t) => {
  const expected = {
    ECONNREFUSED: ['ERR_NET_CONNECT_REFUSED', true],
    ETIMEDOUT: ['ERR_NET_CONNECT_TIMEOUT', true],
    EHOSTUNREACH: ['ERR_NET_CONNECT_UNREACHABLE', true],
    ENETUNREACH: ['ERR_NET_CONNECT_UNREACHABLE', true],
    EADDRINUSE: ['ERR_NET_ADDRESS_IN_USE', false],
    EADDRNOTAVAIL: ['ERR_NET_ADDRESS_UNAVAILABLE', true],
    EPERM: ['ERR_NET_PERMISSION', false],
    EMFILE: ['ERR_NET_DESCRIPTORS', false],
    EINVAL: ['ERR_NET_SYSTEM_CALL', false],
  } as const;
  for (const [errno, [code, retryable]] of Object.entries(expected)) {
    const error = errorFromErrno(errno, 'trying');
    t.match(error, { code, retryable, message: `trying failed: ${errno}` });
    t.equal(errnoOf(error), errno);
  }
  t.match(errorFromErrno(111, 'trying'), { code: 'ERR_NET_CONNECT_REFUSED' });
});

test('a port that is taken is refused with its address', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  t.throws(() => openListener(undefined, { address: '127.0.0.1', port, mark: 0 }), {
    code: 'ERR_NET_ADDRESS_IN_USE',
    message: `bind to 127.0.0.1 port ${port} failed: EADDRINUSE`,
  });
  server.close();
  await once(server, 'close');
});

test('a namespace that is not there is an error of its own', async (t) => {
  t.throws(() => openNamespace('/run/netns/no-such-namespace'), { code: 'ERR_NET_NAMESPACE_GONE' });
});

async function failure(attempt: Promise<unknown>): Promise<NetError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof NetError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}
