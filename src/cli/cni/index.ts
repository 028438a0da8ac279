import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import type { PluginEntry } from './conflist.ts';
import { installPlugin, type NodeFolders, uninstallPlugin } from './node-chain.ts';
import { stay } from './stay.ts';
import { tell } from './tell.ts';

interface FolderOptions {
  readonly binDir: string;
  readonly confDir: string;
}

interface InstallOptions extends FolderOptions {
  readonly plugin: string;
  readonly socket: string;
  readonly passNamespaces: string;
  readonly watch?: boolean;
}

interface UninstallOptions extends FolderOptions {
  readonly watch?: boolean;
}

/** `nodemesh cni …`: the plugin of a node, put into its chain and taken out again. */
export function addCniCommands(program: Command, context: CliContext): void {
  const cni = program
    .command('cni')
    .description('the CNI plugin of a node, which has new pods captured before their first packet')
    .enablePositionalOptions();
  withFolders(cni.command('install').description("put the plugin at the end of this node's chain"))
    .option('--plugin <file>', "the plugin's program", '/usr/local/lib/nodemesh/nodemesh-cni')
    .option(
      '--socket <path>',
      "the ztunnel's --cni-socket, as the node sees it",
      '/var/run/nodemesh/cni.sock',
    )
    .option(
      '--pass-namespaces <list>',
      'namespaces beside kube-system and nodemesh-system whose pods start without a ztunnel',
      '',
    )
    .addOption(new Option('--watch', 'stay, and put it back whenever somebody else has changed the chain'))
    .addHelpText(
      'after',
      `
Examples:
  $ nodemesh cni install --bin-dir /host/opt/cni/bin --conf-dir /host/etc/cni/net.d --watch
`,
    )
    .action((options: InstallOptions) => install(options, context));
  withFolders(
    cni
      .command('uninstall')
      .description('take the plugin out: files that it alone has changed are as they were')
      .addOption(new Option('--watch', 'stay, and take it out again whenever somebody has put it back'))
      .addHelpText(
        'after',
        `
Before the last ztunnel goes, or no pod starts any more on its node, but those of --pass-namespaces.
--watch is for a node whose cni install --watch has yet to end.

Examples:
  $ nodemesh cni uninstall --bin-dir /host/opt/cni/bin --conf-dir /host/etc/cni/net.d
`,
      ),
  ).action((options: UninstallOptions) => uninstall(options, context));
}

function withFolders(command: Command): Command {
  return command
    .option('--bin-dir <folder>', "the node's folder of plugins", '/opt/cni/bin')
    .option('--conf-dir <folder>', "the node's folder of networks", '/etc/cni/net.d');
}

async function install(options: InstallOptions, context: CliContext): Promise<void> {
  const folders = foldersOf(options);
  const program = readPlugin(options.plugin);
  const entry: PluginEntry = {
    socket: options.socket,
    passNamespaces: [...new Set([...OWN_NAMESPACES, ...listOf(options.passNamespaces)])],
  };
  if (options.watch !== true) {
    tell(await installPlugin(folders, program, entry), context);
    return;
  }
  // When it ends the plugin stays in the chain: the next process of this node looks after it.
  await stay(folders, () => installPlugin(folders, program, entry), context);
}

async function uninstall(
  { watch = false, ...options }: UninstallOptions,
  context: CliContext,
): Promise<void> {
  const folders = foldersOf(options);
  if (watch) await stay(folders, () => uninstallPlugin(folders), context);
  else tell(await uninstallPlugin(folders), context);
}

function readPlugin(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError({
      code: 'ERR_CLI_OPTION',
      blame: 'downstream',
      message: `expected --plugin to be the program of the plugin, got ${file}, which cannot be read`,
      hint: 'the image has it; elsewhere: gcc -static -Os -o nodemesh-cni daemonset/cni/nodemesh-cni.c',
      cause: error,
    });
  }
}

function foldersOf({ binDir, confDir }: FolderOptions): NodeFolders {
  return { bin: binDir, config: confDir };
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The cluster needs them to start the mesh, and the ztunnel needs itself. */
const OWN_NAMESPACES = ['kube-system', 'nodemesh-system'];
