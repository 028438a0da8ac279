import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import type { KubeObject, LabClient } from '../../lab/index.ts';

/** What payments answers, and what nobody on the network should be able to read. */
export const SECRET = '4111-1111-1111-1111';
export const NAMESPACE = 'shop';
/** Set by the controller on a pod once its node has captured it. */
const REDIRECTION = 'ambient.istio.io/redirection';

/** The running sample as the demo looks at it. */
export interface Shop {
  readonly lab: LabClient;
  /** Orders since the lab came up: how many were answered, and the lines of those that failed. */
  orders(): Promise<{ readonly answered: number; readonly failed: readonly string[] }>;
  pods(app: string): Promise<readonly KubeObject[]>;
  /** How many of the shop's pods are captured, of how many. */
  captured(): Promise<{ readonly captured: number; readonly all: number }>;
  /** All text that crosses a node's wire during `seconds`. */
  capture(node: string, seconds: number): Promise<string>;
  podLog(pod: KubeObject): Promise<string>;
  ztunnelLog(node: string): Promise<string>;
  /** A GET from inside a pod, by a process of its own: the status and text, or the error. */
  get(from: KubeObject, url: string): Promise<string>;
}

/** Looks through the lab's supervisor, as people do with the CLI; keeps nothing. */
export function observeShop(lab: LabClient): Shop {
  const pods = (app: string): Promise<readonly KubeObject[]> =>
    lab
      .objects('Pod', NAMESPACE)
      .then((all) => all.filter(({ metadata }) => app === '' || metadata.labels?.app === app));
  const log = async (pod: string): Promise<string> =>
    readToEnd(await lab.stream('logs', new URLSearchParams({ namespace: NAMESPACE, pod })));
  return {
    lab,
    pods,
    async orders() {
      const [shopper] = await pods('shopper');
      const lines = shopper === undefined ? [] : (await log(shopper.metadata.name)).split('\n');
      return {
        answered: lines.filter((line) => line.includes('ok order-')).length,
        failed: lines.filter((line) => line.includes('FAILED')),
      };
    },
    async captured() {
      const all = await pods('');
      const captured = all.filter(({ metadata }) => metadata.annotations?.[REDIRECTION] === 'enabled');
      return { captured: captured.length, all: all.length };
    },
    async capture(node, seconds) {
      const stream = await lab.stream('capture', new URLSearchParams({ node }));
      setTimeout(() => stream.destroy(), seconds * 1000);
      return readToEnd(stream);
    },
    podLog: (pod) => log(pod.metadata.name),
    ztunnelLog: (node) => log(`ztunnel/${node}`),
    async get(from, url) {
      const program = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5000) })
        .then(async (r) => console.log(r.status, (await r.text()).slice(0, 200)))
        .catch((error) => console.log('failed:', error.cause?.code ?? error.message));`;
      const output = new PassThrough();
      const printed = readToEnd(output);
      await lab.exec({
        namespace: NAMESPACE,
        pod: from.metadata.name,
        container: '',
        command: ['node', '-e', program],
        stdin: undefined,
        stdout: output,
        stderr: output,
      });
      output.end();
      return (await printed).trim();
    },
  };
}

/** What a stream says until it ends, or until it is cut on purpose. */
async function readToEnd(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('close', resolve);
    stream.once('end', resolve);
    stream.once('error', () => resolve());
  });
  return Buffer.concat(chunks).toString('latin1');
}
