import { request as httpRequest, type IncomingMessage } from 'node:http';
import { canonicalName } from './header-names.ts';

export interface EchoClientOptions {
  readonly url: string;
  readonly method: string;
  /** `Name:value`. A `Host` only changes the header. */
  readonly headers: readonly string[];
  readonly followRedirects: boolean;
  readonly count: number;
  readonly timeoutMs: number;
  readonly write: (line: string) => void;
}

/** What Istio's echo client prints, as the conformance suite's parser reads it. Resolves with the exit code. */
export async function runEchoClient(options: EchoClientOptions): Promise<number> {
  let failures = 0;
  for (let index = 0; index < options.count; index++) {
    try {
      await one(options, index);
    } catch (error) {
      failures += 1;
      options.write(`[${index} error] ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failures === 0 ? 0 : 1;
}

const LONGEST_REDIRECTION = 10;

async function one(options: EchoClientOptions, index: number): Promise<void> {
  const headers = options.headers.map(splitHeader);
  const write = (line: string): void => options.write(`[${index}] ${line}`);
  write(`Url=${options.url}`);
  for (const [name, value] of headers) write(`Header=${canonicalName(name)}:${value}`);
  const startedMs = performance.now();
  let url = options.url;
  let response = await send(options, url, headers);
  for (let hops = 0; options.followRedirects && isRedirect(response) && hops < LONGEST_REDIRECTION; hops++) {
    response.resume();
    url = new URL(response.headers.location ?? '', url).href;
    response = await send(options, url, headers);
  }
  write(`Latency=${(performance.now() - startedMs).toFixed(3)}ms`);
  write(`StatusCode=${response.statusCode ?? 0}`);
  write(`Proto=HTTP/${response.httpVersion}`);
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2)
    write(
      `ResponseHeader=${canonicalName(response.rawHeaders[at] ?? '')}:${response.rawHeaders[at + 1] ?? ''}`,
    );
  let body = '';
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) body += part;
  for (const line of body.split('\n')) if (line !== '') options.write(`[${index} body] ${line}`);
}

function send(
  { method, timeoutMs }: EchoClientOptions,
  url: string,
  headers: readonly (readonly [string, string])[],
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const grouped: Record<string, string[]> = {};
    for (const [name, value] of headers) grouped[name] = [...(grouped[name] ?? []), value];
    const flat = Object.entries(grouped).map(([name, values]) => [
      name,
      values.length === 1 ? values[0] : values,
    ]);
    const attempt = httpRequest(url, { method, agent: false, signal, headers: Object.fromEntries(flat) });
    attempt.on('response', resolve);
    attempt.on('error', reject);
    attempt.end();
  });
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined;
}

function splitHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  return colon === -1 ? [text, ''] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
