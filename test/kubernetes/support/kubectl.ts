import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  /** What it wrote to stdout, then to stderr. */
  readonly output: string;
}

/** kubectl as a user runs it. */
export interface Kubectl {
  /** Resolves however it ends. */
  (parameters: readonly string[], input?: string): Promise<Ran>;
  /** Resolves with stdout; rejects when it fails. */
  must(parameters: readonly string[], input?: string): Promise<string>;
  /** What `get` prints as JSON. */
  get(...parameters: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  readonly kubeconfig: string;
}

/** Of the cluster that KUBECONFIG names, unless told otherwise. It does not block: what it talks to may be in this process. */
export function kubectlOf(kubeconfig = process.env.KUBECONFIG ?? ''): Kubectl {
  const kubectl = async (parameters: readonly string[], input = ''): Promise<Ran> => {
    const child = spawn('kubectl', parameters, { env: { ...process.env, KUBECONFIG: kubeconfig } });
    // One that ends before it has read its input says why by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { status, stdout, output: `${stdout}${stderr}` };
  };
  const must = async (parameters: readonly string[], input = ''): Promise<string> => {
    const { status, stdout, output } = await kubectl(parameters, input);
    if (status !== 0) throw new Error(`kubectl ${parameters.join(' ')}: ${output}`);
    return stdout;
  };
  return Object.assign(kubectl, {
    kubeconfig,
    must,
    get: async (...parameters: readonly string[]) =>
      JSON.parse(await must(['get', ...parameters, '-o', 'json'])) as Readonly<Record<string, unknown>>,
  });
}

/** Waits until it holds, and says how long that took; fails after 30 s with what it was last. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seen: () => unknown = () => '',
): Promise<number> {
  const begun = Date.now();
  while (!(await holds())) {
    if (Date.now() - begun > 30_000) throw new Error(`waited 30 s for: ${what}; ${String(seen())}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Date.now() - begun;
}
