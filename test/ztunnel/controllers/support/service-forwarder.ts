import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands for a Service's virtual address: each connection goes to one of its endpoints that takes it. */
export async function startForwarder(ports: readonly number[]): Promise<{
  readonly address: string;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    client.on('error', () => client.destroy());
    const dial = (left: number): void => {
      turn += 1;
      const endpoint = connect({
        port: ports[turn % ports.length] ?? 0,
        host: '127.0.0.1',
        allowHalfOpen: true,
      });
      keep(endpoint);
      let connected = false;
      endpoint.once('connect', () => {
        connected = true;
        client.pipe(endpoint).pipe(client);
        client.on('close', () => endpoint.destroy());
        endpoint.on('close', () => client.destroy());
      });
      endpoint.on('error', () => {
        if (!connected && left > 1) dial(left - 1);
        else client.destroy();
      });
    };
    dial(ports.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
