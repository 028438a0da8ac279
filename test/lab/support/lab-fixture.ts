import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { stringify } from 'yaml';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** When the input comes. Default: at once. */
  readonly inputAfterMs?: number;
  readonly timeoutMs?: number;
  /** Another user to run as; only root can. */
  readonly userId?: number;
}

/** Runs the command line as a user would; never rejects for an exit code. */
export function nodemesh(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const command = [process.execPath, resolve('bin/nodemesh.js'), ...args];
  const as =
    options.userId === undefined
      ? []
      : ['setpriv', '--reuid', String(options.userId), '--regid', String(options.userId), '--clear-groups'];
  const [program = '', ...rest] = [...as, ...command];
  return new Promise((settle) => {
    const child = execFile(
      program,
      rest,
      {
        timeout: options.timeoutMs ?? 90_000,
        killSignal: 'SIGKILL',
        env: { ...process.env, NO_COLOR: '1', HOME: '/tmp' },
        maxBuffer: 1 << 24,
      },
      (error, stdout, stderr) =>
        settle({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
          stdout,
          stderr,
        }),
    );
    setTimeout(() => child.stdin?.end(options.input ?? ''), options.inputAfterMs ?? 0);
  });
}

export interface TestLab {
  readonly name: string;
  /** `nodemesh lab VERB --name LAB ARGS`; rejects when it fails, with what it printed. */
  run(verb: string, ...args: readonly string[]): Promise<string>;
  /** The same without judging the exit code. */
  attempt(verb: string, ...args: readonly string[]): Promise<Finished>;
  apply(...objects: readonly object[]): Promise<string>;
  /** `get KIND ARGS -o json`. */
  get(kind: string, ...args: readonly string[]): Promise<LooseObject>;
  /** Repeats `question` until it is answered with something true; rejects after the time. */
  until<T>(what: string, question: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
  down(): Promise<string>;
}

/** Parsed JSON whose shape the test knows. */
export interface LooseObject {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly status: Readonly<Record<string, unknown>>;
  readonly items: readonly LooseObject[];
  readonly [field: string]: unknown;
}

export interface UpOptions extends RunOptions {
  readonly objects: readonly object[];
  readonly flags?: readonly string[];
}

export async function startTestLab(name: string, options: UpOptions): Promise<TestLab> {
  const { userId } = options;
  const as = userId === undefined ? {} : { userId };
  const attempt = (verb: string, ...args: readonly string[]): Promise<Finished> =>
    nodemesh(['lab', verb, '--name', name, ...args], as);
  const run = async (verb: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await attempt(verb, ...args);
    if (code === 0) return stdout;
    throw new Error(`nodemesh lab ${verb} ${args.join(' ')} exited with ${code}: ${stderr}${stdout}`);
  };
  const apply = async (...objects: readonly object[]): Promise<string> => {
    const text = objects.map((object) => stringify(object)).join('---\n');
    const { code, stdout, stderr } = await nodemesh(['lab', 'apply', '--name', name, '-f', '-'], {
      ...as,
      input: text,
    });
    if (code === 0) return stdout;
    throw new Error(`apply exited with ${code}: ${stderr}`);
  };
  await attempt('down');
  const up = await nodemesh(['lab', 'up', '--name', name, '-f', '-', ...(options.flags ?? [])], {
    ...as,
    input: options.objects.map((object) => stringify(object)).join('---\n'),
  });
  if (up.code !== 0) {
    await attempt('down');
    throw new Error(`lab up exited with ${up.code}: ${up.stderr}${up.stdout}`);
  }
  return {
    name,
    run,
    attempt,
    apply,
    get: async (kind, ...args) => JSON.parse(await run('get', kind, ...args, '-o', 'json')) as LooseObject,
    async until(what, question, timeoutMs = 60_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const answer = await question();
        if (answer !== undefined && answer !== false) return answer;
        if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
        await new Promise((settle) => setTimeout(settle, 100));
      }
    },
    down: () => run('down'),
  };
}

/** A Deployment of the built-in echo server behind a Service of the same name, port 80. */
export function echo(name: string, replicas: number, version = 'v1'): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name, version } },
          spec: {
            terminationGracePeriodSeconds: 5,
            containers: [
              {
                name: 'echo',
                image: 'registry.k8s.io/gateway-api/echo-basic:v1.5.1',
                ports: [{ name: 'http', containerPort: 3000 }],
                env: [
                  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                  { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                  { name: 'SERVICE_NAME', value: version },
                ],
                readinessProbe: { httpGet: { port: 'http', path: '/' }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
  ];
}

export function pod(
  name: string,
  command: readonly string[],
  spec: object = {},
  container: object = {},
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 2,
      ...spec,
      containers: [{ name: 'main', command, ...container }],
    },
  };
}
