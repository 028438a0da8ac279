import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describeError } from '../../../base/index.ts';
import { capturePackets, simpleFilter } from '../../capture/index.ts';
import { notFound } from '../../cluster/index.ts';
import { logFileName } from '../../kubelet/index.ts';
import { CONTROLLER_LOG, ztunnelLogFile } from '../../mesh/index.ts';
import { inNamespace } from '../../network/index.ts';
import { SUPERVISOR_LOG } from '../../state/index.ts';
import type { Lab } from '../lab.ts';
import { badRequest, type StreamHandler } from './router.ts';

const POLL_MS = 150;
const CHUNK_BYTES = 64 * 1024;

/** Logs and captures: text that goes on until either end has enough. */
export function streamRoutes(lab: Lab): Readonly<Record<string, StreamHandler>> {
  return {
    'GET /v1/logs'(query, response) {
      const path = join(lab.config.stateDirectory, 'logs', logOf(lab, query));
      const tail = query.get('tail');
      sendFile(path, response, {
        follow: query.get('follow') === 'true',
        ...(tail === null ? {} : { tail: Number(tail) }),
      });
    },
    'GET /v1/capture'(query, response) {
      const node = query.get('node') ?? '';
      const names = lab.nodes.map(({ description }) => description.name);
      if (!names.includes(node)) throw badRequest(`no node ${node} (nodes: ${names.join(', ')})`);
      const filter = query.getAll('filter');
      const accepts = simpleFilter(filter);
      if (accepts === undefined) {
        const tcpdump = ['tcpdump', '-Z', 'root', '-l', '-n', '-A', '-s', '0', '-i', 'eth0', ...filter];
        sendProcess(inNamespace(node, tcpdump), lab.config.environment, response);
        return;
      }
      startText(response);
      capturePackets({ namespace: node, interfaceName: 'eth0', accepts, output: response }).catch(
        (error: unknown) => response.end(`${describeError(error)}\n`),
      );
    },
  };
}

function logOf(lab: Lab, query: URLSearchParams): string {
  const pod = query.get('pod') ?? '';
  if (pod === 'controller') return CONTROLLER_LOG;
  if (pod === 'supervisor') return SUPERVISOR_LOG;
  const ztunnel = /^ztunnel\/(.+)$/.exec(pod);
  if (ztunnel !== null) {
    const node = ztunnel[1] ?? '';
    // Throws for a node that there is not: its log would be empty for ever.
    lab.ztunnel(node);
    return ztunnelLogFile(node);
  }
  const namespace = query.get('namespace') ?? 'default';
  const object = lab.cluster.store.get('Pod', namespace, pod);
  if (object === undefined) throw notFound('Pod', namespace, pod);
  const containers = [...object.spec.containers, ...(object.spec.initContainers ?? [])].map(
    ({ name }) => name,
  );
  const container = query.get('container') || containers[0] || '';
  if (!containers.includes(container))
    throw badRequest(`pod ${pod} has no container ${container} (containers: ${containers.join(', ')})`);
  return logFileName(namespace, pod, container);
}

/** Sends what a growing file holds, and with `follow` what is added until the caller goes. */
function sendFile(
  path: string,
  response: ServerResponse,
  options: { readonly follow: boolean; readonly tail?: number },
): void {
  startText(response);
  let descriptor: number | undefined;
  let offset = 0;
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const step = (): void => {
    if (descriptor === undefined && existsSync(path)) {
      descriptor = openSync(path, 'r');
      if (options.tail !== undefined) offset = tailOffset(descriptor, options.tail);
    }
    if (descriptor !== undefined) {
      for (;;) {
        const length = readSync(descriptor, buffer, 0, CHUNK_BYTES, offset);
        if (length === 0) break;
        offset += length;
        if (!response.write(Buffer.from(buffer.subarray(0, length)))) {
          response.once('drain', step);
          return;
        }
      }
    }
    if (options.follow && !response.destroyed) timer = setTimeout(step, POLL_MS);
    else response.end();
  };
  let timer: NodeJS.Timeout | undefined;
  response.on('close', () => {
    clearTimeout(timer);
    response.removeAllListeners('drain');
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  });
  step();
}

/** Where the last `lines` lines begin. */
function tailOffset(descriptor: number, lines: number): number {
  const { size } = fstatSync(descriptor);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const length = readSync(descriptor, buffer, 0, end - start, start);
    for (let index = length - 1; index >= 0; index--) {
      // The last byte of the file is the end of its last line, not a line of its own.
      if (buffer[index] !== 0x0a || start + index === size - 1) continue;
      found += 1;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

function sendProcess(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  response: ServerResponse,
): void {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  startText(response);
  child.stdout.pipe(response, { end: false });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString('utf8').slice(0, 4_000 - complaint.length);
  });
  child.on('error', (error) => response.end(`${error.message}\n`));
  child.on('close', (code) => {
    if (code === 127 || /failed to execute|not found/.test(complaint))
      response.end('tcpdump is not installed (on Debian: apt-get install tcpdump)\n');
    else response.end(code === 0 || code === null ? undefined : complaint);
  });
  response.on('close', () => child.kill('SIGTERM'));
}

function startText(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
}
