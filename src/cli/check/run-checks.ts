import type { LabClient } from '../../lab/index.ts';
import { type ApiClient, type ApiOptions, openApi } from '../api/index.ts';
import type { CliContext } from '../context.ts';
import { openLab } from '../lab/lab-access.ts';
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
import { networkPolicyChecks } from './network-policy-checks.ts';

/** What a mesh needs of the machine, before there is one; `ports`: whether its ports should be free too. */
export async function checkMachine(machine: Machine, ports: boolean): Promise<readonly CheckResult[]> {
  const kernel = kernelChecks(machine);
  if (machine.platform !== 'linux') return kernel;
  return [...kernel, ...(await redirectionChecks(machine)), ...(ports ? await portChecks(machine) : [])];
}

/** A running mesh: that of a lab, or what one dashboard knows. Rejects where none is to be found. */
export async function checkMesh(context: CliContext, options: ApiOptions): Promise<readonly CheckResult[]> {
  const api = await openApi(context, options);
  if (options.address !== undefined)
    return judge(await gatherFacts({ api, lab: undefined, nodeApis: new Map() }));
  const lab = openLab(context, options.lab);
  return judge(await gatherFacts({ api, lab, nodeApis: await openNodes(context, lab, options) }));
}

async function openNodes(
  context: CliContext,
  lab: LabClient,
  { lab: name, node }: ApiOptions,
): Promise<ReadonlyMap<string, ApiClient>> {
  const nodes = node === undefined ? await lab.nodes() : [node];
  const where = name === undefined ? {} : { lab: name };
  return new Map(
    await Promise.all(
      nodes.map(async (each) => [each, await openApi(context, { ...where, node: each })] as const),
    ),
  );
}

/** Every check of a mesh, on facts that were gathered before. */
export function judge(facts: MeshFacts): readonly CheckResult[] {
  return [
    ...processChecks(facts),
    ...clockChecks(facts),
    ...proxyChecks(facts),
    ...certificateChecks(facts),
    ...workloadChecks(facts),
    ...serviceChecks(facts),
    ...(facts.lab === undefined ? [] : networkPolicyChecks(facts.objects)),
  ];
}
