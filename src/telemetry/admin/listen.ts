import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TelemetryError } from '../errors.ts';

/** Where to listen: an address (loopback unless told otherwise; port 0 picks one), or a socket that already listens. */
export type AdminBind =
  | { readonly host?: string | undefined; readonly port: number; readonly fd?: undefined }
  | { readonly fd: number };

/** Throws ERR_TELEMETRY_LISTEN. */
export function listenOn(
  server: Server,
  bind: AdminBind,
): Promise<{ readonly host: string; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => reject(listenError(bind, cause));
    server.once('error', onError);
    const onListening = (): void => {
      server.off('error', onError);
      const { address: host, port } = server.address() as AddressInfo;
      resolve({ host, port });
    };
    if (bind.fd === undefined) server.listen({ host: bind.host ?? LOOPBACK, port: bind.port }, onListening);
    else server.listen({ fd: bind.fd }, onListening);
  });
}

function listenError(bind: AdminBind, cause: Error): TelemetryError {
  const where = bind.fd === undefined ? `${bind.host ?? LOOPBACK}:${bind.port}` : `fd ${bind.fd}`;
  return new TelemetryError({
    code: 'ERR_TELEMETRY_LISTEN',
    blame: 'local',
    message: `cannot listen on ${where}`,
    hint: 'see whether another process has the port (ss -ltnp), and whether the address is one of this machine',
    cause,
  });
}

const LOOPBACK = '127.0.0.1';
