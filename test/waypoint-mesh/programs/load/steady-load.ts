// GETs at a steady rate, open loop: `node steady-load.ts HOST PORT PER_SECOND`, until standard input ends. A line of input names what
// goes on from then on. Prints a SteadyReport. Half of the requests have connections of their own, half share kept ones.
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

export interface SteadyReport {
  readonly sent: number;
  readonly ok: number;
  /** Failed requests by what went on when they were sent, and by how they failed. */
  readonly failures: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly slowestMs: number;
}

const [host = '', port = '', perSecond = '1'] = process.argv.slice(2);
const TIMEOUT_MS = 15_000;
const kept = new Agent({ keepAlive: true });

let goingOn = 'nothing';
let sent = 0;
let ok = 0;
let slowestMs = 0;
const failures: Record<string, Record<string, number>> = {};

function send(agent: Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const attempt = request({ host, port, path: `/${sent}`, agent, signal });
    attempt.on('error', (error: NodeJS.ErrnoException) =>
      resolve(`${error.code ?? error.name}${attempt.reusedSocket ? ' on a kept connection' : ''}`),
    );
    attempt.on('response', (response) => {
      response.resume();
      response.on('error', (error: NodeJS.ErrnoException) => resolve(`cut: ${error.code ?? error.name}`));
      response.on('end', () => resolve(response.statusCode === 200 ? 'ok' : String(response.statusCode)));
    });
    attempt.end();
  });
}

async function one(): Promise<void> {
  const during = goingOn;
  const startedMs = performance.now();
  const outcome = await send(sent++ % 2 === 0 ? false : kept);
  slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  if (outcome === 'ok') {
    ok += 1;
    return;
  }
  const counts = failures[during] ?? {};
  failures[during] = counts;
  counts[outcome] = (counts[outcome] ?? 0) + 1;
}

const running = new Set<Promise<void>>();
const startedMs = performance.now();
const timer = setInterval(() => {
  const due = ((performance.now() - startedMs) * Number(perSecond)) / 1000;
  while (sent < due) {
    const current = one().finally(() => running.delete(current));
    running.add(current);
  }
}, 2);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    goingOn = line;
  })
  .on('close', async () => {
    clearInterval(timer);
    await Promise.all(running);
    const report: SteadyReport = { sent, ok, failures, slowestMs: Math.round(slowestMs) };
    console.log(JSON.stringify(report));
    process.exit(0);
  });
