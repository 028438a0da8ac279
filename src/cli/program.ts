import { Command, Help } from 'commander';
import { familiesFor } from './command-families.ts';
import type { CliContext } from './context.ts';
import { acceptBothLabNames } from './lab-names.ts';
import { VERSION } from './version.ts';

/**
 * The whole command line. Parsing throws CommanderError instead of ending the process. `args` are those that will be
 * parsed: only the modules of commands that may be meant are loaded, or every process would wait for those of all others.
 */
export async function createProgram(context: CliContext, args: readonly string[]): Promise<Command> {
  const { stdout, stderr, colours } = context.terminal;
  const program = new Command('nodemesh')
    .description("A sidecar-less service mesh: one proxy per node, nothing in anyone's pod.")
    .version(VERSION, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .showHelpAfterError('(add --help to see what there is)')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({
      // What stands for nothing is no default that would help anybody.
      optionDescription: (option) => HELP.optionDescription(option).replace(/ \(default: (""|\[\])\)$/, ''),
      styleTitle: (text) => colours.bold(text),
      styleCommandText: (text) => colours.cyan(text),
      styleSubcommandText: (text) => colours.cyan(text),
      styleOptionText: (text) => colours.yellow(text),
    })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(asSentences(text).replace(/^error:/, colours.red('error:'))),
      getOutHasColors: () => colours.isColorSupported,
      getErrHasColors: () => colours.isColorSupported,
    });
  for (const family of familiesFor(args)) {
    program.commandsGroup(family.heading);
    await family.add(program, context, args);
  }
  program.addHelpText(
    'after',
    `
${colours.bold('Examples:')}
  $ nodemesh lab up                                    two nodes, a small shop with steady traffic
  $ nodemesh lab label ns shop istio.io/dataplane-mode=ambient     running pods join the mesh
  $ nodemesh workloads                                 who is in it
  $ nodemesh waypoint apply -n shop --enroll-namespace --wait      requests to its services go through an L7 proxy
  $ nodemesh tap --verdict refused                     who is refused, as it happens, by which policy and rule
  $ nodemesh lab capture node-1                        what crosses the wire, as text
  $ nodemesh analyze manifests/                        what will go wrong, before it is applied
  $ nodemesh lab down                                  nothing is left
  $ nodemesh install --platform kind                   the same mesh in the cluster of your kubeconfig
`,
  );
  acceptBothLabNames(program);
  return program;
}

const HELP = new Help();

/** Commander puts what is wrong with a value behind a full stop. */
function asSentences(text: string): string {
  return text.replace(
    / is invalid\. ([a-z])/,
    (_all, first: string) => ` is invalid. ${first.toUpperCase()}`,
  );
}
