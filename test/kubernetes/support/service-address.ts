import { connect, createServer, type Server, type Socket } from 'node:net';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterPrograms } from '../../support/kubernetes-cluster/assets.ts';

/**
 * The same programs, with addresses of Services on this machine's loopback: the API server calls a webhook's Service by its
 * ClusterIP, and here it gets there without a rule in anybody's packet filter. Writes one script into `folder`.
 */
export function withLoopbackServices({ etcd, apiServer }: ClusterPrograms, folder: string): ClusterPrograms {
  const script = join(folder, 'kube-apiserver');
  // Of a flag that is there twice the last one counts.
  writeFileSync(script, `#!/bin/sh\nexec '${apiServer}' "$@" --service-cluster-ip-range=127.96.0.0/16\n`);
  chmodSync(script, 0o755);
  return { etcd, apiServer: script };
}

/** What kube-proxy does for one port of a Service. */
export interface ServiceAddress {
  /** Connections so far. */
  readonly connections: number;
  /**
   * Where they go from now on, a port of loopback. `none`: the Service has no endpoint, and they are refused; `silence`: its pod is gone
   * and nobody says so, and they hang. Those that are open are cut.
   */
  lead(to: number | 'none' | 'silence'): Promise<void>;
  close(): Promise<void>;
}

export function serveAddress(host: string, port: number): ServiceAddress {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let connections = 0;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    const closing = server;
    server = undefined;
    if (closing !== undefined) await new Promise((resolve) => closing.close(resolve));
  };
  return {
    get connections() {
      return connections;
    },
    async lead(to) {
      await stop();
      if (to === 'none') return;
      const next = createServer((socket) => {
        connections += 1;
        keep(socket);
        if (to === 'silence') return;
        const upstream = connect(to, '127.0.0.1');
        keep(upstream);
        socket.pipe(upstream).pipe(socket);
        socket.on('close', () => upstream.destroy());
        upstream.on('close', () => socket.destroy());
      });
      await new Promise<void>((resolve, reject) => {
        next.once('error', reject);
        next.listen(port, host, resolve);
      });
      server = next;
    },
    close: stop,
  };
}
