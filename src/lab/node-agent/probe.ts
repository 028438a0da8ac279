import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { AgentProbe } from './protocol.ts';

/** What one check has found; `message` says what, in the kubelet's manner. */
export interface ProbeOutcome {
  readonly ok: boolean;
  readonly message: string;
}

/** Never rejects. A status from 200 to 399 is a success, as for the kubelet. */
export function runProbe(probe: AgentProbe): Promise<ProbeOutcome> {
  return probe.kind === 'tcp' ? probeTcp(probe) : probeHttp(probe);
}

function probeTcp({ host, port, timeoutMs }: AgentProbe): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (ok: boolean, message: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok, message });
    };
    const timer = setTimeout(() => finish(false, `no connection within ${timeoutMs} ms`), timeoutMs);
    socket.on('connect', () => finish(true, 'connected'));
    socket.on('error', (error) => finish(false, error.message));
  });
}

function probeHttp(probe: AgentProbe): Promise<ProbeOutcome> {
  const { host, port, path, headers, timeoutMs, scheme } = probe;
  const request = scheme === 'HTTPS' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const attempt = request({
      host,
      port,
      path,
      headers: {
        'user-agent': 'kube-probe/nodemesh-lab',
        connection: 'close',
        ...Object.fromEntries(headers),
      },
      agent: false,
      rejectUnauthorized: false,
    });
    const finish = (ok: boolean, message: string): void => {
      clearTimeout(timer);
      attempt.destroy();
      resolve({ ok, message });
    };
    const timer = setTimeout(() => finish(false, `no answer within ${timeoutMs} ms`), timeoutMs);
    attempt.on('response', ({ statusCode = 0 }) => {
      finish(statusCode >= 200 && statusCode < 400, `HTTP status ${statusCode}`);
    });
    attempt.on('error', (error) => finish(false, error.message));
    attempt.end();
  });
}
