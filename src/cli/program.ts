import { Command, Help } from 'commander';
import type { CliContext } from './context.ts';
import { addAnalyzeCommand } from './analyze/index.ts';
import { addBugReportCommand } from './bug-report/index.ts';
import { addCniCommands } from './cni/index.ts';
import { addCheckCommand } from './check/index.ts';
import { registerControllerCommand } from './controller.ts';
import { addDemoCommand } from './demo/index.ts';
import { addExplainCommand } from './explain/index.ts';
import { addHiddenCommands } from './hidden/index.ts';
import { addInstallCommands } from './install/index.ts';
import { acceptBothLabNames } from './lab-names.ts';
import { addLabCommands } from './lab/index.ts';
import { addMeshCommands } from './mesh/index.ts';
import { addNodeCleanupCommand } from './node-cleanup/index.ts';
import { addObserveCommands } from './observe/index.ts';
import { addPolicyCommands } from './policy/index.ts';
import { addVersionCommand, VERSION } from './version.ts';
import { addWaypointCommands } from './waypoint/index.ts';

/**
 * The whole command line. Parsing throws CommanderError instead of ending the process. `args` are those that will be
 * parsed: a proxy's modules are only loaded when the proxy may be meant, or every command would wait for them.
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
  program.commandsGroup('A mesh on this machine:');
  addDemoCommand(program, context);
  addLabCommands(program, context);
  program.commandsGroup('A mesh in a cluster:');
  addInstallCommands(program, context, VERSION);
  program.commandsGroup('What the mesh knows:');
  addMeshCommands(program, context);
  program.commandsGroup('What happens in it:');
  addObserveCommands(program, context);
  program.commandsGroup('Whether all is well:');
  addCheckCommand(program, context);
  addAnalyzeCommand(program, context);
  addBugReportCommand(program, context);
  program.commandsGroup('Why:');
  addExplainCommand(program, context);
  addPolicyCommands(program, context);
  program.commandsGroup('Waypoints:');
  const waypoint = addWaypointCommands(program, context);
  if (args.includes('waypoint') && args.includes('serve')) {
    const { addServeCommand } = await import('./waypoint/serve.ts');
    addServeCommand(waypoint, VERSION);
  } else
    addNameOnly(
      waypoint,
      'serve',
      'run one replica of a waypoint: what the controller deploys for a Gateway',
    );
  program.commandsGroup('Parts of a mesh:');
  registerControllerCommand(program, VERSION);
  if (args.includes('ztunnel')) {
    const { registerZtunnelCommand } = await import('./ztunnel.ts');
    registerZtunnelCommand(program, VERSION);
    const { addIstioCommands } = await import('./istio/index.ts');
    addIstioCommands(program, VERSION, process.env);
  } else addNameOnly(program, 'ztunnel', 'run the proxy of one node');
  addCniCommands(program, context);
  addNodeCleanupCommand(program, context);
  program.commandsGroup('Other:');
  addVersionCommand(program, context);
  addHiddenCommands(program, context);
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

/** For the lists in help texts: the command itself is added when it may be meant. */
function addNameOnly(parent: Command, name: string, description: string): void {
  parent.command(name).description(description).allowUnknownOption().allowExcessArguments();
}
