import type { AppProtocol } from '../../model/index.ts';

/** A service port's protocol: its appProtocol, else the part of its name before the first dash, else a well-known port. */
export function appProtocolOf(port: {
  readonly name: string;
  readonly port: number;
  readonly appProtocol: string;
}): AppProtocol {
  if (port.appProtocol !== '') return BY_NAME.get(port.appProtocol.toLowerCase()) ?? 'unknown';
  const name = port.name.toLowerCase();
  // The one protocol with a dash in its own name.
  if (name.startsWith('grpc-web')) return 'http1';
  const prefix = name.split('-', 1)[0] ?? '';
  return BY_NAME.get(prefix) ?? (SERVER_FIRST_PORTS.has(port.port) ? 'tcp' : 'unknown');
}

const BY_NAME: ReadonlyMap<string, AppProtocol> = new Map([
  ['http', 'http1'],
  ['kubernetes.io/ws', 'http1'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['kubernetes.io/h2c', 'http2'],
  ['grpc', 'grpc'],
  ['tcp', 'tcp'],
  ['mongo', 'tcp'],
  ['mysql', 'tcp'],
  ['redis', 'tcp'],
  ['tls', 'tls'],
  ['https', 'tls'],
  ['kubernetes.io/wss', 'tls'],
]);

/** SMTP, DNS, MySQL, MongoDB: here the server speaks first, or nobody speaks HTTP. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);
