import type { Command } from 'commander';
import { MeshError } from '../../base/index.ts';
import { readManifestFiles } from '../manifest-files.ts';
import {
  type ApiOptions,
  openApi,
  openMesh,
  type RunningMesh,
  withApiOptions,
} from '../running-mesh/index.ts';
import type { CliContext } from '../context.ts';
import { saysSideBySide } from '../install/side-by-side.ts';
import { withCluster } from '../install/cluster/cluster.ts';
import { openLab } from '../lab/lab-access.ts';
import { collect } from '../option-values.ts';
import { showView, type ViewFormat, viewOutputOption } from '../observe/index.ts';
import { type CheckResult, resultsOf } from './check-result.ts';
import { clusterChecks, noCluster, noMesh } from './cluster/index.ts';
import { thisMachine } from './machine/machine.ts';
import { networkPolicyChecks } from './network-policy-checks.ts';
import { checkText } from './print-results.ts';
import { checkDashboard, checkMachine, checkMesh } from './run-checks.ts';

export type { CheckResult } from './check-result.ts';
export { clusterChecks } from './cluster/index.ts';
export { checkText } from './print-results.ts';

interface CheckOptions extends ApiOptions {
  readonly pre?: boolean;
  readonly file: readonly string[];
  readonly output: ViewFormat;
}

/** `nodemesh check`: what is in the way of a mesh, before there is one and after. */
export function addCheckCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('check')
      .description(
        'whether a mesh can run here and how the one that runs does; exits with 1 when something is wrong',
      )
      .option('--pre', 'only this machine, before there is a mesh')
      .option('-f, --file <path>', 'manifests whose NetworkPolicies are to be looked at too', collect, [])
      .addOption(viewOutputOption()),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh check --pre               kernel, namespaces, packet filter, sysctls, ports
  $ nodemesh check                     that, and the lab that runs: processes, clocks, versions, certificates, policies
  $ nodemesh check --context prod      the mesh of a cluster, and what it is made of there: rollouts, leader, rights, webhook
  $ nodemesh check --pre -f manifests/ NetworkPolicies that keep the mesh's port 15008 shut
  $ nodemesh check -o json | jq '.[] | select(.outcome == "failed")'`,
    )
    .action(async ({ output, ...what }: CheckOptions) => {
      const results = await allChecks(context, what);
      const { colours } = context.terminal;
      showView(context.terminal, output, results, () => checkText(results, colours));
      if (results.some(({ outcome }) => outcome === 'failed')) context.setExitCode(1);
    });
}

/** Of this machine and of the mesh that the options mean. Rejects with MeshError where one that was named is not. */
export async function allChecks(
  context: CliContext,
  { pre = false, file, ...where }: Omit<CheckOptions, 'output'>,
): Promise<readonly CheckResult[]> {
  const mesh = pre ? NOTHING : await meshChecks(context, where);
  const objects = await readManifestFiles(file, context.terminal);
  return [
    // Of a cluster that was found this machine is no part.
    ...(mesh.place === 'cluster' ? [] : await checkMachine(thisMachine(context), mesh.place === undefined)),
    ...mesh.results,
    ...(file.length === 0 ? [] : networkPolicyChecks(objects, { sideBySide: saysSideBySide(objects) })),
    ...(mesh.place === 'cluster' ? [] : noCluster()),
  ];
}

interface MeshChecks {
  /** Undefined: there is no mesh to be seen. */
  readonly place: RunningMesh['place'] | 'address' | undefined;
  readonly results: readonly CheckResult[];
}

const NOTHING: MeshChecks = { place: undefined, results: [] };

/**
 * Where nothing was named and no mesh is found, there is only nothing to be seen. A cluster that the environment names and that
 * cannot be asked is wrong: whoever watches a mesh by this command must not take it for fine.
 */
async function meshChecks(context: CliContext, where: ApiOptions): Promise<MeshChecks> {
  try {
    return await checksOf(context, where);
  } catch (error) {
    const isNamed = Object.values(where).some((value) => value !== undefined);
    if (isNamed || !(error instanceof MeshError)) throw error;
    const { notSeen, failed } = resultsOf('mesh');
    const { code, message, hint } = error;
    if (code !== 'ERR_LAB_NOT_RUNNING')
      return { place: undefined, results: [failed('mesh', message, hint ?? code)] };
    const seen = `${message}${hint === undefined ? '' : ` (${hint})`}`;
    return { place: undefined, results: [notSeen('mesh', seen)] };
  }
}

async function checksOf(context: CliContext, where: ApiOptions): Promise<MeshChecks> {
  if (where.address !== undefined || where.tokenFile !== undefined)
    return { place: 'address', results: await checkDashboard(await openApi(context, where)) };
  const mesh = await openMesh(context, where);
  const { place } = mesh;
  if (place === 'lab')
    return { place, results: await checkMesh(mesh, openLab(context, where.lab), where.node) };
  const absent = await withCluster(context, where, noMesh);
  if (absent.length > 0) return { place, results: absent };
  const cluster = await withCluster(context, where, clusterChecks);
  return { place, results: [...(await checkMesh(mesh, undefined, where.node)), ...cluster] };
}
