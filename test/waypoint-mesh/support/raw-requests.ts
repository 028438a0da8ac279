import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';
import type { RawRequest, RawResult } from '../programs/attack/raw-requests.ts';
import type { WitnessedRequest } from '../programs/witness-server.ts';
import { startProgram } from './program.ts';
import { CLIENTS, SHOP } from './waypoint-world.ts';

/** Sends bytes to a host's port 80 from the second client pod, each request on a connection of its own. */
export async function sendRaw(
  lab: LabUnderTest,
  host: string,
  requests: readonly RawRequest[],
): Promise<ReadonlyMap<string, RawResult>> {
  const pod = { namespace: CLIENTS, name: 'client-2' };
  const program = await startProgram(lab, pod, 'attack/raw-requests.ts', host, '80');
  for (const request of requests) program.write(JSON.stringify(request));
  const lines = (await program.finish()).trim().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as RawResult).map((result) => [result.id, result]));
}

/** A GET of a target, written as it stands. */
export function getTarget(id: string, target: string, fields: readonly string[] = []): RawRequest {
  const head = [`GET ${target} HTTP/1.1`, 'Host: shop', `X-Id: ${id}`, 'Connection: close', ...fields];
  return { id, parts: [`${head.join('\r\n')}\r\n\r\n`] };
}

/** What the witness behind the waypoint has seen of all this. */
export async function witnessed(lab: LabUnderTest): Promise<readonly WitnessedRequest[]> {
  const script = 'fetch("http://127.0.0.1:8080/witness/requests").then((r) => r.text()).then(console.log)';
  const printed = await lab.lab('exec', '-n', SHOP, 'deploy/server', '--', 'node', '-e', script);
  return JSON.parse(printed) as readonly WitnessedRequest[];
}

/** The value of a field of a witnessed request. */
export function fieldOf({ headers }: WitnessedRequest, name: string): string | undefined {
  return headers.find((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === name);
}
