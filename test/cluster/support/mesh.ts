import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../support/kubernetes-cluster/assets.ts';

export interface Said {
  readonly code: number;
  /** What it wrote, to people and to programs. */
  readonly output: string;
}

/** `nodemesh …` as a user of the cluster runs it. Resolves however it ends. */
export function nodemeshOf(kubeconfig: string): (...parameters: readonly string[]) => Promise<Said> {
  return (...parameters) =>
    new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [join(root, 'bin', 'nodemesh.js'), ...parameters],
        { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 16 << 20 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : (child.exitCode ?? 1);
          resolve({ code, output: `${stdout}${stderr}` });
        },
      );
    });
}
