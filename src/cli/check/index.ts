import type { Command } from 'commander';
import { LabError } from '../../lab/index.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { type ApiOptions, withApiOptions } from '../api/index.ts';
import type { CliContext } from '../context.ts';
import { collect } from '../option-values.ts';
import { showView, type ViewFormat, viewOutputOption } from '../observe/index.ts';
import { type CheckResult, resultsOf } from './check-result.ts';
import { clusterChecks } from './cluster-checks.ts';
import { thisMachine } from './machine/machine.ts';
import { networkPolicyChecks } from './network-policy-checks.ts';
import { checkText } from './print-results.ts';
import { checkMachine, checkMesh } from './run-checks.ts';

export type { CheckResult } from './check-result.ts';
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

/** Of this machine and of the mesh that the options mean. Rejects with LabError or CliError where one that was named is not. */
export async function allChecks(
  context: CliContext,
  { pre = false, file, ...where }: Omit<CheckOptions, 'output'>,
): Promise<readonly CheckResult[]> {
  const mesh = pre ? [] : await meshChecks(context, where);
  const isMeshHere = mesh.some(({ outcome }) => outcome !== 'not seen');
  const objects = await readManifestFiles(file, context.terminal);
  return [
    ...(await checkMachine(thisMachine(context), !isMeshHere)),
    ...mesh,
    ...(file.length === 0 ? [] : networkPolicyChecks(objects)),
    ...clusterChecks(),
  ];
}

/** Where nothing was named and no lab runs, there is only nothing to be seen. */
async function meshChecks(context: CliContext, where: ApiOptions): Promise<readonly CheckResult[]> {
  try {
    return await checkMesh(context, where);
  } catch (error) {
    const isNamed = Object.values(where).some((value) => value !== undefined);
    if (isNamed || !(error instanceof LabError) || error.code !== 'ERR_LAB_NOT_RUNNING') throw error;
    return [resultsOf('mesh').notSeen('mesh', `${error.message} (${error.hint ?? ''})`)];
  }
}
