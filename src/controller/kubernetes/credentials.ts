import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Clock, describeError } from '../../base/index.ts';
import { KubernetesError } from './errors.ts';

/** How the API server is found, and as whom. */
export type KubernetesAccess =
  /** The service account of the pod that we are in. */
  | { readonly kind: 'in-cluster' }
  /** Any user of a kubeconfig: token, token file, certificate, exec plug-in. */
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context?: string | undefined };

/** How a request is sent. The agent keeps its sockets for the next one. */
export interface Connection {
  readonly server: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly agent: HttpAgent;
}

/** Who we are to the API server, kept fresh: tokens, certificates and the kubeconfig itself are read again. */
export interface Credentials {
  /** Rejects with ERR_KUBERNETES_CONFIG. */
  connection(): Promise<Connection>;
  /** The API server did not like them: everything is read again before the next request. */
  forget(): void;
  close(): void;
}

/** Nothing is read before the first connection is wanted. */
export function createCredentials(access: KubernetesAccess, clock: Clock): Credentials {
  let config: KubeConfig | undefined;
  let current: { readonly connection: Connection; readonly untilMs: number } | undefined;
  let pending: Promise<Connection> | undefined;
  let agent: HttpAgent | undefined;
  let material = '';

  async function read(): Promise<Connection> {
    config ??= await loadKubeConfig(access);
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (cause) {
      config = undefined;
      throw configError(access, describeError(cause), cause);
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw configError(access, 'the context names no cluster');
    const server = new URL(cluster.server);
    const connection = {
      server,
      headers: headersOf(options),
      agent: cluster.proxyUrl === undefined ? agentFor(server, options) : (options.agent as HttpAgent),
    };
    current = { connection, untilMs: clock.monotonic() + FRESH_MS };
    return connection;
  }

  /** One pool of connections for as long as keys and roots are the same. */
  function agentFor(server: URL, options: RequestOptions): HttpAgent {
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
    const now = [server.protocol, ca, cert, key, pfx, passphrase, servername, rejectUnauthorized].join(' ');
    if (agent !== undefined && now === material) return agent;
    if (agent !== undefined) retire(agent);
    material = now;
    const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
    const known = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    agent =
      server.protocol === 'http:'
        ? new HttpAgent(KEEP_ALIVE)
        : new HttpsAgent({ ...KEEP_ALIVE, ...known, minVersion: 'TLSv1.2' });
    return agent;
  }

  return {
    async connection() {
      if (current !== undefined && clock.monotonic() < current.untilMs) return current.connection;
      pending ??= read().finally(() => {
        pending = undefined;
      });
      return await pending;
    },
    forget() {
      config = undefined;
      current = undefined;
    },
    close() {
      agent?.destroy();
    },
  };
}

/** What is under way goes on with the key that it began with; nothing is kept for later. */
function retire(agent: HttpAgent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

/** Reads a kubeconfig, or what is mounted into a pod. Rejects with ERR_KUBERNETES_CONFIG. */
async function loadKubeConfig(access: KubernetesAccess): Promise<KubeConfig> {
  // It takes 90 MB and most of a second to load, which is only for those who have an API server.
  const library = await import('@kubernetes/client-node');
  const config = new library.KubeConfig();
  try {
    if (access.kind === 'in-cluster') {
      readFileSync(POD_TOKEN);
      config.loadFromCluster();
    } else config.loadFromFile(access.file);
  } catch (cause) {
    throw configError(
      access,
      isAbsent(cause) && access.kind === 'kubeconfig' ? 'there is no such file' : describeError(cause),
      cause,
    );
  }
  if (access.kind === 'kubeconfig' && access.context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(access.context))
      throw configError(
        access,
        `expected one of the contexts ${names.join(', ')}, got ${JSON.stringify(access.context)}`,
      );
    config.setCurrentContext(access.context);
  }
  return config;
}

function headersOf(options: RequestOptions): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file that somebody wrote by hand ends with a newline.
    headers[name] = typeof value === 'string' ? value.trim() : (value ?? undefined);
  }
  if (typeof options.auth === 'string')
    headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function configError(access: KubernetesAccess, problem: string, cause?: unknown): KubernetesError {
  const inCluster = access.kind === 'in-cluster';
  return new KubernetesError({
    code: 'ERR_KUBERNETES_CONFIG',
    blame: 'local',
    message: `${inCluster ? 'service account of this pod' : access.file}: ${problem}`,
    hint: inCluster
      ? 'outside of a pod name a kubeconfig with --kubeconfig'
      : 'KUBECONFIG or --kubeconfig FILE names a kubeconfig, --context NAME what is meant in it; kubectl --kubeconfig FILE version must work with the same',
    // A token that is being replaced is there again in a moment.
    retryable: true,
    cause,
  });
}

/** Files are looked at again this often. */
const FRESH_MS = 10_000;
const KEEP_ALIVE = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 8 };
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
