import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import { canonicalName } from '../http/index.ts';
import type { EchoClientOptions } from './client-options.ts';
import { type EchoAnswer, type EchoSender, splitHeaders, splitUrl } from './sender.ts';

const LONGEST_REDIRECTION = 10;

/** Follows a bounded number of redirections. No server certificate is checked: these are tests of the mesh's. */
export function httpSender(options: EchoClientOptions): EchoSender {
  const agents = {
    plain: new Agent({ keepAlive: true }),
    secure: new SecureAgent({ keepAlive: true, rejectUnauthorized: false }),
  };
  return {
    async send() {
      let { url } = options;
      let response = await once(options, url, agents);
      for (let hops = 0; isFollowed(options, response) && hops < LONGEST_REDIRECTION; hops++) {
        response.resume();
        url = new URL(response.headers.location ?? '', url).href;
        response = await once(options, url, agents);
      }
      return read(response, splitHeaders(options.headers).others);
    },
    close() {
      agents.plain.destroy();
      agents.secure.destroy();
    },
  };
}

function once(
  { method, headers, timeoutMs }: EchoClientOptions,
  url: string,
  agents: { readonly plain: Agent; readonly secure: SecureAgent },
): Promise<IncomingMessage> {
  const target = splitUrl(url);
  const { host = target.authority, others } = splitHeaders(headers);
  return new Promise((resolve, reject) => {
    const common = {
      host: target.host,
      port: target.port,
      path: target.path,
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: ['host', host, ...others.flat()],
    };
    const attempt = target.secure
      ? httpsRequest({ ...common, agent: agents.secure, servername: host.replace(/:\d+$/, '') })
      : httpRequest({ ...common, agent: agents.plain });
    attempt.on('response', resolve);
    attempt.on('error', reject);
    attempt.end();
  });
}

async function read(
  response: IncomingMessage,
  sent: readonly (readonly [string, string])[],
): Promise<EchoAnswer> {
  const head = [
    ...sent.map(([name, value]) => `Header=${canonicalName(name)}:${value}`),
    `StatusCode=${response.statusCode ?? 0}`,
    `Proto=HTTP/${response.httpVersion}`,
  ];
  const { rawHeaders } = response;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    head.push(`ResponseHeader=${canonicalName(rawHeaders[at] ?? '')}:${rawHeaders[at + 1] ?? ''}`);
  let body = '';
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) body += part;
  return { head, body };
}

function isFollowed(
  { followRedirects }: EchoClientOptions,
  { statusCode = 0, headers }: IncomingMessage,
): boolean {
  return followRedirects && statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
}
