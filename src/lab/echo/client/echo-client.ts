import type { EchoSender } from './sender.ts';
import type { EchoClientOptions } from './client-options.ts';

/**
 * What Istio's echo client prints, as the conformance suite's parser reads it. No certificate of a server is checked: those of
 * a lab are of nobody's authority. Resolves with the exit code.
 */
export async function runEchoClient(options: EchoClientOptions): Promise<number> {
  const url = /^[a-z]+:\/\//.test(options.url) ? options.url : `http://${options.url}`;
  const sender = await createSender({ ...options, url });
  let failures = 0;
  try {
    for (let index = 0; index < options.count; index++) {
      try {
        await send(sender, { ...options, url }, index);
      } catch (error) {
        failures += 1;
        options.write(`[${index} error] ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    sender.close();
  }
  return failures === 0 ? 0 : 1;
}

async function send(sender: EchoSender, { url, write }: EchoClientOptions, index: number): Promise<void> {
  write(`[${index}] Url=${url}`);
  const startedMs = performance.now();
  const answer = await sender.send();
  write(`[${index}] Latency=${(performance.now() - startedMs).toFixed(3)}ms`);
  for (const line of answer.head) write(`[${index}] ${line}`);
  for (const line of answer.body.split('\n')) if (line !== '') write(`[${index} body] ${line}`);
}

/** Only what the scheme needs is loaded. */
async function createSender(options: EchoClientOptions): Promise<EchoSender> {
  const scheme = options.url.slice(0, options.url.indexOf(':'));
  switch (scheme) {
    case 'ws':
    case 'wss':
      return (await import('./websocket-sender.ts')).webSocketSender(options);
    case 'grpc':
    case 'grpcs':
      return (await import('./grpc-sender.ts')).grpcSender(options);
    case 'tcp':
    case 'tls':
      return (await import('./tcp-sender.ts')).tcpSender(options);
    case 'http':
    case 'https':
      return options.http2
        ? (await import('./http2-sender.ts')).http2Sender(options)
        : (await import('./http-sender.ts')).httpSender(options);
    default:
      throw new Error(`expected a URL of http, https, ws, wss, grpc, grpcs, tcp or tls, got ${options.url}`);
  }
}
