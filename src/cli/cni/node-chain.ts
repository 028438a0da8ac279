import { join } from 'node:path';
import {
  chainOfSingle,
  chainPlugin,
  inspectNetwork,
  PLUGIN_TYPE,
  type PluginEntry,
  unchainPlugin,
} from './conflist.ts';
import {
  isLooseLink,
  listFolder,
  readIfThere,
  removeIfThere,
  removeLeftOvers,
  renameFile,
  replaceFile,
} from './node-files.ts';

/** Where a node has its CNI plugins, as this process sees it. */
export interface NodeFolders {
  readonly bin: string;
  readonly config: string;
}

/** One thing that was done or found, for people. */
export interface Finding {
  readonly level: 'done' | 'warning';
  readonly text: string;
}

/**
 * Makes our plugin the last one of the chain that container runtimes take, which is the first that they can read. Does
 * nothing where that is so. Rejects with ERR_CLI_FILE.
 */
export async function installPlugin(
  folders: NodeFolders,
  program: Buffer,
  entry: PluginEntry,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const target = join(folders.bin, PLUGIN_TYPE);
  if ((await readIfThere(target))?.equals(program) !== true) {
    await replaceFile(target, program, EXECUTABLE);
    findings.push({ level: 'done', text: `copied the plugin to ${target}` });
  }
  for (const name of await listFolder(folders.config)) {
    if (!CONFIGURATION.test(name)) continue;
    const path = join(folders.config, name);
    const text = (await readIfThere(path))?.toString();
    if (text === undefined) {
      // Or it went away while we were looking.
      if (await isLooseLink(path))
        findings.push({
          level: 'warning',
          text: `${path} is left alone: it is a link to something that is not to be seen from here, and if the container runtime sees it, new pods are not captured before their first packet; mount the folder that it leads to`,
        });
      continue;
    }
    const network = inspectNetwork(text);
    if (network.kind === 'unusable') {
      findings.push({ level: 'warning', text: `${path} is left alone: ${network.problem}` });
      continue;
    }
    if (network.kind === 'single') findings.push(await chainSingle(path, text, entry));
    else {
      const chained = chainPlugin(text, entry);
      if (chained !== text) {
        await replaceFile(path, chained, READABLE);
        findings.push({ level: 'done', text: `chained the plugin into ${path}` });
      }
    }
    return findings;
  }
  findings.push({
    level: 'warning',
    text: `no network is configured in ${folders.config} yet; waiting for the node's own CNI plugin`,
  });
  return findings;
}

/** Takes our plugin out of every chain, and then away. Files that we alone have changed are as they were. */
export async function uninstallPlugin(folders: NodeFolders): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const names = await listFolder(folders.config);
  for (const name of names.filter((each) => CONFIGURATION.test(each))) {
    const path = join(folders.config, name);
    const text = (await readIfThere(path))?.toString();
    if (text === undefined) continue;
    const network = inspectNetwork(text);
    if (network.kind !== 'chain' || !network.hasOurs) continue;
    const single = singleOf(name, names);
    if (single !== undefined) {
      // The single plugin first: a node is never without a network.
      await renameFile(join(folders.config, `${single}${SAVED}`), join(folders.config, single));
      await removeIfThere(path);
      findings.push({ level: 'done', text: `put ${join(folders.config, single)} back` });
    } else {
      await replaceFile(path, unchainPlugin(text), READABLE);
      findings.push({ level: 'done', text: `took the plugin out of ${path}` });
    }
  }
  for (const folder of [folders.config, folders.bin]) await removeLeftOvers(folder);
  const program = join(folders.bin, PLUGIN_TYPE);
  if (await removeIfThere(program)) findings.push({ level: 'done', text: `removed ${program}` });
  return findings;
}

/** A file for one plugin cannot hold two: a chain takes its place, and it is kept under a name that nobody looks for. */
async function chainSingle(path: string, text: string, entry: PluginEntry): Promise<Finding> {
  const chain = `${path.replace(/\.(?:conf|json)$/, '')}.conflist`;
  await replaceFile(chain, chainOfSingle(text, entry), READABLE);
  await renameFile(path, `${path}${SAVED}`);
  return { level: 'done', text: `made ${chain} of ${path}, with the plugin in it` };
}

/** The file of one plugin that a chain was made of. */
function singleOf(chain: string, names: readonly string[]): string | undefined {
  const stem = chain.replace(/\.conflist$/, '');
  return [`${stem}.conf`, `${stem}.json`].find((name) => names.includes(`${name}${SAVED}`));
}

const CONFIGURATION = /\.(?:conf|conflist|json)$/;
const SAVED = '.before-nodemesh';
const EXECUTABLE = 0o755;
const READABLE = 0o644;
