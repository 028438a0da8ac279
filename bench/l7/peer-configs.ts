import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the load asks for, of every variant. */
export type Protocol = 'http1' | 'grpc';

/** Ports of each protocol: the application's, the sidecars' TLS towards it, the L7 proxy's, and the client sidecar's. */
export const PORTS: Readonly<
  Record<Protocol, { app: number; sidecar: number; proxy: number; local: number }>
> = {
  http1: { app: 9080, sidecar: 18_080, proxy: 17_080, local: 19_080 },
  grpc: { app: 9081, sidecar: 18_081, proxy: 17_081, local: 19_081 },
};

const BODY_BYTES = 1024;
const PROTOCOLS = ['http1', 'grpc'] as const;

/**
 * The application of all variants: nginx that answers every request with a kilobyte, for gRPC with the trailer of a call that
 * went well. It takes little of the machine from those who are measured.
 */
export function writeApplication(folder: string): string {
  const work = workFolder(folder, 'app');
  const root = join(work, 'www');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'answer'), 'a'.repeat(BODY_BYTES));
  return write(join(folder, 'l7-app.conf'), [
    ...nginxHead(work),
    `  root ${root};`,
    '  open_file_cache max=10;',
    '  default_type application/grpc;',
    `  server { listen ${PORTS.http1.app}; location / { try_files /answer =404; } }`,
    `  upstream itself { server 127.0.0.1:${PORTS.http1.app}; keepalive 512; keepalive_requests 1000000000; }`,
    '  server {',
    `    listen ${PORTS.grpc.app} http2;`,
    '    add_trailer grpc-status 0;',
    '    location / {',
    // Only by passing a request on does nginx read its body to the end, as a gRPC server does.
    '      proxy_pass http://itself;',
    '      proxy_method GET;',
    '      proxy_pass_request_body off;',
    '      proxy_set_header Content-Length "";',
    '      proxy_set_header Connection "";',
    '      proxy_http_version 1.1;',
    '    }',
    '  }',
    '}',
  ]);
}

/** One unary gRPC message of a kilobyte. */
export function writeMessage(folder: string): string {
  const message = Buffer.alloc(5 + BODY_BYTES);
  message.writeUInt32BE(BODY_BYTES, 1);
  const path = join(folder, 'message.bin');
  writeFileSync(path, message);
  return path;
}

/** The client's sidecar: HAProxy that only makes mutual TLS of bytes, as the ztunnel of its node does. */
export function writeClientSidecar(folder: string, name: string, proxyAddress: string): string {
  return write(join(folder, `l7-${name}-client.conf`), [
    ...haproxyHead('tcp'),
    ...PROTOCOLS.flatMap((protocol) => [
      `listen out-${protocol}`,
      `  bind 127.0.0.1:${PORTS[protocol].local}`,
      `  server far ${proxyAddress}:${PORTS[protocol].proxy} ${tls(folder, 'client')}${alpn(protocol)}`,
    ]),
  ]);
}

/** The server's sidecar. */
export function writeServerSidecar(folder: string, name: string): string {
  return write(join(folder, `l7-${name}-server.conf`), [
    ...haproxyHead('tcp'),
    ...PROTOCOLS.flatMap((protocol) => [
      `listen in-${protocol}`,
      `  bind :::${PORTS[protocol].sidecar} ${tls(folder, 'server')} ssl-min-ver TLSv1.3${alpn(protocol)}`,
      `  server app 127.0.0.1:${PORTS[protocol].app}`,
    ]),
  ]);
}

/** HAProxy between the sidecars: routes by path, sets a header, keeps connections to the other side. */
export function writeHaproxyProxy(folder: string, serverAddress: string): string {
  return write(join(folder, 'l7-haproxy-proxy.conf'), [
    ...haproxyHead('http'),
    '  http-reuse always',
    ...PROTOCOLS.flatMap((protocol) => [
      `frontend front-${protocol}`,
      `  bind :::${PORTS[protocol].proxy} ${tls(folder, 'server')} ssl-min-ver TLSv1.3${alpn(protocol)}`,
      '  http-request set-header x-route bench',
      `  use_backend back-${protocol} if { path_beg /bench }`,
      `backend back-${protocol}`,
      `  server far ${serverAddress}:${PORTS[protocol].sidecar} ${tls(folder, 'client')}${alpn(protocol)}`,
    ]),
  ]);
}

/** The same with nginx. */
export function writeNginxProxy(folder: string, serverAddress: string): string {
  const client = [
    `ssl_certificate ${folder}/client.crt;`,
    `ssl_certificate_key ${folder}/client.key;`,
    `ssl_trusted_certificate ${folder}/ca.pem;`,
    'ssl_verify on;',
    'ssl_name server;',
    'ssl_protocols TLSv1.3;',
  ];
  const location = (protocol: Protocol): readonly string[] => {
    const kind = protocol === 'grpc' ? 'grpc' : 'proxy';
    return [
      ...client.map((line) => `      ${kind}_${line}`),
      ...(protocol === 'grpc'
        ? ['      grpc_set_header x-route bench;', `      grpc_pass grpcs://far-${protocol};`]
        : [
            '      proxy_http_version 1.1;',
            '      proxy_set_header Connection "";',
            '      proxy_set_header x-route bench;',
            `      proxy_pass https://far-${protocol};`,
          ]),
    ];
  };
  return write(join(folder, 'l7-nginx-proxy.conf'), [
    ...nginxHead(workFolder(folder, 'proxy')),
    ...PROTOCOLS.flatMap((protocol) => [
      `  upstream far-${protocol} { server ${serverAddress}:${PORTS[protocol].sidecar}; keepalive 512; keepalive_requests 1000000000; }`,
      '  server {',
      `    listen ${PORTS[protocol].proxy} ssl${protocol === 'grpc' ? ' http2' : ''};`,
      `    ssl_certificate ${folder}/server.crt;`,
      `    ssl_certificate_key ${folder}/server.key;`,
      `    ssl_client_certificate ${folder}/ca.pem;`,
      '    ssl_verify_client on;',
      '    ssl_protocols TLSv1.3;',
      '    location / { return 404; }',
      '    location /bench {',
      ...location(protocol),
      '    }',
      '  }',
    ]),
    '}',
  ]);
}

function haproxyHead(mode: 'tcp' | 'http'): readonly string[] {
  return [
    'global',
    '  nbthread 1',
    '  maxconn 9000',
    'defaults',
    `  mode ${mode}`,
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
  ];
}

function nginxHead(work: string): readonly string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${work}/${kind};`,
  );
  return [
    'daemon off;',
    'user root;',
    'worker_processes 1;',
    `pid ${work}/pid;`,
    `error_log ${work}/error.log;`,
    'events { worker_connections 4096; }',
    'http {',
    '  access_log off;',
    '  keepalive_requests 1000000000;',
    '  keepalive_timeout 1h;',
    ...temporary,
  ];
}

function tls(folder: string, end: 'client' | 'server'): string {
  return `ssl crt ${folder}/${end}.pem ca-file ${folder}/ca.pem verify required`;
}

function alpn(protocol: Protocol): string {
  return protocol === 'grpc' ? ' alpn h2' : '';
}

function workFolder(folder: string, name: string): string {
  const path = join(folder, `nginx-${name}`);
  mkdirSync(path, { recursive: true });
  return path;
}

function write(path: string, lines: readonly string[]): string {
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
