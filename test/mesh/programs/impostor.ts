// Asks the controller for what is not ours, from inside a pod: `node impostor.ts PLAN`. The last line it prints is its answer.
import { readFileSync } from 'node:fs';
import type { EnrolmentReport, WorkloadIdentity, WorkloadUid } from '../../../src/model/index.ts';
import { createGrpcClient, watchRootCertificateFile } from '../../../src/wire/index.ts';

interface Call {
  readonly name: string;
  readonly token: string;
  readonly ask: 'certificate' | 'report' | 'enrolments';
  readonly csrPem?: string;
  readonly impersonated?: WorkloadIdentity;
  readonly node?: string;
  readonly uid?: WorkloadUid;
}

interface Plan {
  readonly address: string;
  readonly serverName: string;
  readonly rootFile: string;
  readonly calls: readonly Call[];
}

// Written by the test that runs this.
const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Plan;
const roots = watchRootCertificateFile({ path: plan.rootFile });

/** `granted …`, or why not. */
async function outcomeOf(call: Call): Promise<string> {
  const client = createGrpcClient({
    address: plan.address,
    roots,
    serverName: plan.serverName,
    token: async () => call.token,
    clusterId: 'Kubernetes',
  });
  try {
    return await answerTo(call, client);
  } catch (error) {
    return `refused: ${(error as { code?: string }).code}: ${(error as Error).message}`;
  } finally {
    client.destroy();
  }
}

async function answerTo(call: Call, client: ReturnType<typeof createGrpcClient>): Promise<string> {
  if (call.ask === 'certificate') {
    const { csrPem = '', impersonated } = call;
    const { chainPem } = await client.createCertificate({ csrPem, ttlMs: 0, impersonated });
    return `granted ${chainPem[0]}`;
  }
  if (call.ask === 'report') {
    const pods = [{ uid: call.uid, state: 'failed', errorCode: 'ERR_FORGED', error: 'forged' }];
    await client.reportNode({
      node: call.node,
      generation: Number.MAX_SAFE_INTEGER,
      pods,
    } as EnrolmentReport);
    return 'granted';
  }
  return `granted ${(await enrolmentsFor(client)).join(' ')}`;
}

/** The names of all enrolment resources that come within a while. */
async function enrolmentsFor(client: ReturnType<typeof createGrpcClient>): Promise<readonly string[]> {
  const abort = AbortSignal.timeout(3_000);
  const channel = await client.xdsTransport.open(abort);
  await channel.send({
    node: { id: 'ztunnel~127.0.0.1~ztunnel-node-2.nodemesh-system~x', metadata: { NODE_NAME: 'node-2' } },
    typeUrl: 'type.googleapis.com/nodemesh.enrolment.Pod',
    subscribe: ['*', 'Kubernetes//Pod/shop/server'],
    unsubscribe: [],
    initialVersions: [],
    responseNonce: '',
    rejection: undefined,
  });
  const names: string[] = [];
  setTimeout(() => channel.close(), 1_500);
  try {
    for await (const { resources } of channel.responses) names.push(...resources.map(({ name }) => name));
  } catch (error) {
    // A stream that we closed ourselves ends with an error too.
    if (names.length === 0 && (error as Error).message.includes('UNAUTHENTICATED')) throw error;
  }
  return names;
}

const answers: Record<string, string> = {};
for (const call of plan.calls) answers[call.name] = await outcomeOf(call);
console.log(JSON.stringify(answers));
process.exit(0);
