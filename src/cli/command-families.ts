import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { VERSION } from './version.ts';

/** Commands that belong together, and whose modules are loaded together. */
export interface CommandFamily {
  /** Of the list of commands in the help text; those of families that have the same heading stand under it together. */
  readonly heading: string;
  /** Of the commands, without those below them. */
  readonly names: readonly string[];
  /** Loads the family's modules. `args`: the command line. */
  add(program: Command, context: CliContext, args: readonly string[]): Promise<void>;
}

const FAMILIES: readonly CommandFamily[] = [
  {
    heading: 'A mesh on this machine:',
    names: ['demo'],
    async add(program, context) {
      const { addDemoCommand } = await import('./demo/index.ts');
      addDemoCommand(program, context);
    },
  },
  {
    heading: 'A mesh on this machine:',
    names: ['lab'],
    async add(program, context) {
      const { addLabCommands } = await import('./lab/index.ts');
      addLabCommands(program, context);
    },
  },
  {
    heading: 'A mesh in a cluster:',
    names: ['install', 'upgrade', 'uninstall'],
    async add(program, context) {
      const { addInstallCommands } = await import('./install/index.ts');
      addInstallCommands(program, context, VERSION);
    },
  },
  {
    heading: 'What the mesh knows:',
    names: [
      ...['workloads', 'services', 'policies', 'certificates', 'connections'],
      ...['routes', 'endpoints', 'admin'],
    ],
    async add(program, context) {
      const { addMeshCommands } = await import('./mesh/index.ts');
      addMeshCommands(program, context);
    },
  },
  {
    heading: 'What happens in it:',
    names: ['dashboard', 'top', 'stat', 'edges', 'topology', 'tap', 'logs', 'proxies'],
    async add(program, context) {
      const { addObserveCommands } = await import('./observe/index.ts');
      addObserveCommands(program, context);
    },
  },
  {
    heading: 'Whether all is well:',
    names: ['check'],
    async add(program, context) {
      const { addCheckCommand } = await import('./check/index.ts');
      addCheckCommand(program, context);
    },
  },
  {
    heading: 'Whether all is well:',
    names: ['analyze'],
    async add(program, context) {
      const { addAnalyzeCommand } = await import('./analyze/index.ts');
      addAnalyzeCommand(program, context);
    },
  },
  {
    heading: 'Whether all is well:',
    names: ['bug-report'],
    async add(program, context) {
      const { addBugReportCommand } = await import('./bug-report/index.ts');
      addBugReportCommand(program, context);
    },
  },
  {
    heading: 'Why:',
    names: ['explain'],
    async add(program, context) {
      const { addExplainCommand } = await import('./explain/index.ts');
      addExplainCommand(program, context);
    },
  },
  {
    heading: 'Why:',
    names: ['policy'],
    async add(program, context) {
      const { addPolicyCommands } = await import('./policy/index.ts');
      addPolicyCommands(program, context);
    },
  },
  {
    heading: 'Waypoints:',
    names: ['waypoint'],
    async add(program, context, args) {
      const { addWaypointCommands } = await import('./waypoint/index.ts');
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
    },
  },
  {
    heading: 'Parts of a mesh:',
    names: ['controller'],
    async add(program) {
      const { registerControllerCommand } = await import('./controller/controller.ts');
      registerControllerCommand(program, VERSION);
    },
  },
  {
    heading: 'Parts of a mesh:',
    names: ['ztunnel', 'proxy'],
    async add(program, _context, args) {
      if (!args.includes('ztunnel')) return addNameOnly(program, 'ztunnel', 'run the proxy of one node');
      const { registerZtunnelCommand } = await import('./ztunnel.ts');
      registerZtunnelCommand(program, VERSION);
      const { addIstioCommands } = await import('./istio/index.ts');
      addIstioCommands(program, VERSION, process.env);
    },
  },
  {
    heading: 'Parts of a mesh:',
    names: ['cni'],
    async add(program, context) {
      const { addCniCommands } = await import('./cni/index.ts');
      addCniCommands(program, context);
    },
  },
  {
    heading: 'Parts of a mesh:',
    names: ['node-cleanup'],
    async add(program, context) {
      const { addNodeCleanupCommand } = await import('./node-cleanup/index.ts');
      addNodeCleanupCommand(program, context);
    },
  },
  {
    heading: 'Other:',
    names: ['version'],
    async add(program, context) {
      const { addVersionCommand } = await import('./version.ts');
      addVersionCommand(program, context);
    },
  },
  {
    heading: 'Other:',
    names: [
      ...['lab-echo-basic', 'lab-echo-advanced', 'lab-echo-client'],
      ...['lab-supervisor', 'lab-node-agent', 'lab-shop'],
    ],
    async add(program, context) {
      const { addHiddenCommands } = await import('./hidden/index.ts');
      addHiddenCommands(program, context);
    },
  },
];

/**
 * Those that a command line may mean: one where it begins with a command, else all of them, for the help text and for what
 * is close to a word that is none of them.
 */
export function familiesFor([command]: readonly string[]): readonly CommandFamily[] {
  const named = FAMILIES.filter(({ names }) => command !== undefined && names.includes(command));
  return named.length > 0 ? named : FAMILIES;
}

/** For the lists in help texts: the command itself is added when it may be meant. */
function addNameOnly(parent: Command, name: string, description: string): void {
  parent.command(name).description(description).allowUnknownOption().allowExcessArguments();
}
