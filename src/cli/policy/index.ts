import { type Command, Option } from 'commander';
import { withApiOptions } from '../running-mesh/index.ts';
import type { CliContext } from '../context.ts';
import { outputOption } from '../lab/output-option.ts';
import { windowSeconds } from '../observe/output.ts';
import { collect } from '../option-values.ts';
import type { TryFlags } from './try-flags.ts';

/** `nodemesh policy try`. What decides is loaded only when it is asked. */
export function addPolicyCommands(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('what policies would do');
  const command = policy
    .command('try')
    .description(
      'replay the traffic of the last minutes against proposed policies: what would change; applies nothing',
    )
    .requiredOption(
      '-f, --filename <file>',
      'AuthorizationPolicies, PeerAuthentications, RequestAuthentications; repeatable',
      collect,
      [],
    )
    .addOption(replayWindowOption())
    .option(
      '--flows <file>',
      'flows that were saved, as /api/v1/flows answers, instead of those of a running mesh',
    )
    .option(
      '--objects <file>',
      'with --flows: the objects that are in force, instead of those of a running mesh; repeatable',
      collect,
      [],
    );
  withApiOptions(command)
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Exit status: 1 when something would be newly refused, else 0. A mistake (a file that is not there) is 1 too, and prints nothing
on standard output. What cannot be told, because a header or a token was not kept, is listed as such and never guessed.

Examples:
  $ nodemesh policy try -f policy.yaml                  against what is in force in the mesh that runs
  $ nodemesh policy try -f policy.yaml --window 5m -o json
  $ nodemesh policy try -f policy.yaml --flows flows.json --objects manifests/       in CI`,
    )
    .action(async (flags: TryFlags) => {
      const { runTry } = await import('./run-try.ts');
      await runTry(context, flags);
    });
}

/** Milliseconds; all that the mesh remembers unless told otherwise. */
function replayWindowOption(): Option {
  return new Option('-w, --window <duration>', 'how far back, up to 15m')
    .argParser((text) => windowSeconds(text) * 1_000)
    .default(FIFTEEN_MINUTES_MS, '15m');
}

const FIFTEEN_MINUTES_MS = 900_000;
