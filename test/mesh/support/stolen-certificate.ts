import { readdir, readFile } from 'node:fs/promises';
import { readState } from '../../../src/ztunnel/restart/index.ts';
import type { ShownCertificate } from './attack-certificates.ts';
import type { LabUnderTest } from './lab-under-test.ts';

/** Certificate and key of an identity, as root of its node finds them in what the node's ztunnel keeps for a restart. */
export async function stolenCertificate(
  lab: LabUnderTest,
  node: string,
  identity: string,
): Promise<ShownCertificate> {
  const path = await stateFile(lab.name, node);
  const state = await readState(path, node);
  const { svids } = JSON.parse(state?.svids ?? '{"svids":[]}') as {
    readonly svids: readonly SavedCertificate[];
  };
  const found = svids.find((one) => one.identity === identity);
  if (found === undefined) throw new Error(`${path} holds no certificate of ${identity}`);
  return { cert: found.chainPem.join(''), key: found.privateKeyPem };
}

/** The tmpfs is mounted for the lab's own processes alone: the way to it leads through one of them. */
async function stateFile(labName: string, node: string): Promise<string> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // Processes come and go.
    const command = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const file = command[command.indexOf('--state-file') + 1] ?? '';
    if (file.endsWith(`/ztunnel-${node}.state`) && command.some((word) => word.includes(`/${labName}/`)))
      return `/proc/${entry}/root${file}`;
  }
  throw new Error(`no ztunnel of ${node} in lab ${labName}`);
}

interface SavedCertificate {
  readonly identity: string;
  readonly privateKeyPem: string;
  readonly chainPem: readonly string[];
}
