import type { LabClient } from '../../lab/index.ts';
import type { ApiClient } from '../api/index.ts';
import type { RunningMesh } from '../running-mesh/index.ts';
import type { CheckResult } from './check-result.ts';
import { kernelChecks } from './machine/kernel-checks.ts';
import type { Machine } from './machine/machine.ts';
import { portChecks } from './machine/port-checks.ts';
import { redirectionChecks } from './machine/redirection-checks.ts';
import { certificateChecks } from './mesh/certificate-checks.ts';
import { clockChecks } from './mesh/clock-checks.ts';
import { gatherFacts, type MeshFacts } from './mesh/facts.ts';
import { processChecks } from './mesh/process-checks.ts';
import { proxyChecks } from './mesh/proxy-checks.ts';
import { serviceChecks } from './mesh/service-checks.ts';
import { workloadChecks } from './mesh/workload-checks.ts';
import { networkPoliciesNotSeen, networkPolicyChecks } from './network-policy-checks.ts';

/** What a mesh needs of the machine, before there is one; `ports`: whether its ports should be free too. */
export async function checkMachine(machine: Machine, ports: boolean): Promise<readonly CheckResult[]> {
  const kernel = kernelChecks(machine);
  if (machine.platform !== 'linux') return kernel;
  return [...kernel, ...(await redirectionChecks(machine)), ...(ports ? await portChecks(machine) : [])];
}

/** What one dashboard knows of a mesh. Rejects with CliError where none is to be found. */
export async function checkDashboard(api: ApiClient): Promise<readonly CheckResult[]> {
  return judgeMesh(await gatherFacts({ api, lab: undefined, nodeApis: new Map() }));
}

/** A running mesh, with all of its nodes or one. Rejects with MeshError where it is not to be found. */
export async function checkMesh(
  mesh: RunningMesh,
  lab: LabClient | undefined,
  node: string | undefined,
): Promise<readonly CheckResult[]> {
  const nodes = node === undefined ? await mesh.nodes() : [node];
  const nodeApis = new Map(
    await Promise.all(nodes.map(async (each) => [each, await mesh.api(each)] as const)),
  );
  return judgeMesh(await gatherFacts({ api: await mesh.api(node), lab, nodeApis, mesh }));
}

/** Every check of a mesh, on facts that were gathered before. */
export function judgeMesh(facts: MeshFacts): readonly CheckResult[] {
  return [
    ...processChecks(facts),
    ...clockChecks(facts),
    ...proxyChecks(facts),
    ...certificateChecks(facts),
    ...workloadChecks(facts),
    ...serviceChecks(facts),
    ...policyChecks(facts),
  ];
}

function policyChecks({ objects, ...claims }: MeshFacts): readonly CheckResult[] {
  if (objects === undefined) return [];
  return 'error' in objects
    ? [networkPoliciesNotSeen(objects.error)]
    : networkPolicyChecks(objects.value, claims);
}
