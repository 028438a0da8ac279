import type { LabClient } from '../../lab/client/index.ts';
import { LabError } from '../../lab/index.ts';
import type { LabStatus } from '../../lab/supervisor/index.ts';
import type { Progress } from '../terminal/index.ts';

/** Resolves when the mesh and all pods are ready, and tells of each part once. Rejects with LabError: a step failed, or time is up. */
export async function waitForLab(client: LabClient, limitMs: number, progress: Progress): Promise<void> {
  const deadline = Date.now() + limitMs;
  const told = new Set<string>();
  for (;;) {
    const status = await client.status();
    const failed = status.steps.find(({ state }) => state === 'failed');
    if (failed !== undefined) throw notUp(`${failed.name}: ${failed.error ?? 'failed'}`);
    for (const part of finishedParts(status)) {
      if (!told.has(part)) progress.done(part);
      told.add(part);
    }
    if (isReady(status)) return;
    if (Date.now() > deadline) throw notUp(whatIsMissing(status).join('; '));
    progress.update(whatIsMissing(status)[0] ?? '');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function finishedParts(status: LabStatus): readonly string[] {
  const parts: string[] = [];
  if (status.mesh && status.steps.every(({ state }) => state === 'done') && meshReady(status))
    parts.push(`controller and ${status.nodes.length} ztunnels ready`);
  if (status.pods.total > 0 && status.pods.notReady.length === 0) parts.push('all pods ready');
  return parts;
}

function meshReady(status: LabStatus): boolean {
  return !status.mesh || status.nodes.every(({ ztunnel }) => ztunnel?.ready === true);
}

function isReady(status: LabStatus): boolean {
  const settled = status.steps.every(({ state }) => state === 'done' || state === 'off');
  return settled && meshReady(status) && status.pods.notReady.length === 0;
}

function whatIsMissing(status: LabStatus): readonly string[] {
  const waiting = status.steps
    .filter(({ state }) => state === 'waiting')
    .map(({ name }) => `${name} not up yet`);
  const proxies = status.nodes
    .filter(({ ztunnel }) => status.mesh && ztunnel?.ready !== true)
    .map(
      ({ name, ztunnel }) =>
        `ztunnel of ${name} not ready${ztunnel?.lastEnd === undefined ? '' : ` (last end: ${ztunnel.lastEnd})`}`,
    );
  const { ready, total, notReady } = status.pods;
  const pods = notReady.map(({ namespace, name, reason }) => `${namespace}/${name}: ${reason}`);
  return [
    ...waiting,
    ...(pods.length === 0 ? [] : [`${ready} of ${total} pods ready: ${pods[0]}`]),
    ...proxies,
    ...pods.slice(1),
  ];
}

function notUp(what: string): LabError {
  return new LabError({
    code: 'ERR_LAB_TIMEOUT',
    blame: 'local',
    message: `the lab is running, but not ready: ${what}`,
    hint: 'nodemesh lab status tells more; nodemesh lab logs POD, ztunnel/NODE or controller shows why; nodemesh lab down ends it',
  });
}

const POLL_MS = 100;
