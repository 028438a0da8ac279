import { join } from 'node:path';
import {
  chainOfSingle,
  chainPlugin,
  inspectNetwork,
  isChainOfSingle,
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

/**
 * Takes our plugin out of every chain, and then away. Files that we alone have changed are as they were, also where another
 * process was killed half way or puts the plugin back meanwhile: once that one is silent, one more call sets all right.
 */
export async function uninstallPlugin(folders: NodeFolders): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of await listFolder(folders.config))
    if (name.endsWith(SAVED)) findings.push(...(await restoreSingle(folders.config, name)));
  for (const name of await listFolder(folders.config))
    if (CONFIGURATION.test(name)) findings.push(...(await unchainFile(folders.config, name)));
  for (const folder of [folders.config, folders.bin]) await removeLeftOvers(folder);
  const program = join(folders.bin, PLUGIN_TYPE);
  if (await removeIfThere(program)) findings.push({ level: 'done', text: `removed ${program}` });
  return findings;
}

/** The file of one plugin that a chain was made of takes its place again, unless somebody else has put something there. */
async function restoreSingle(folder: string, name: string): Promise<readonly Finding[]> {
  const saved = join(folder, name);
  const path = saved.slice(0, -SAVED.length);
  const text = (await readIfThere(saved))?.toString();
  if (text === undefined) return [];
  const chain = chainOf(path);
  const chained = (await readIfThere(chain))?.toString();
  if (chained !== undefined && !hasOurs(chained) && !isChainOfSingle(chained, text)) return [];
  // The single plugin first: a node is never without a network.
  if ((await readIfThere(path)) === undefined) await renameFile(saved, path);
  else await removeIfThere(saved);
  await removeIfThere(chain);
  return [{ level: 'done', text: `${path} is in its place, and no chain is made of it` }];
}

async function unchainFile(folder: string, name: string): Promise<readonly Finding[]> {
  const path = join(folder, name);
  const text = (await readIfThere(path))?.toString();
  if (text === undefined || !hasOurs(text)) return [];
  if (await isBesideItsSingle(path, text)) {
    await removeIfThere(path);
    return [{ level: 'done', text: `removed ${path}` }];
  }
  await replaceFile(path, unchainPlugin(text), READABLE);
  return [{ level: 'done', text: `took the plugin out of ${path}` }];
}

/** Whether it is of an installation that has not come to the end: the file that it was made of is still in its place. */
async function isBesideItsSingle(chain: string, text: string): Promise<boolean> {
  for (const ending of SINGLE_ENDINGS) {
    const single = (await readIfThere(chain.replace(/\.conflist$/, ending)))?.toString();
    if (single !== undefined && isChainOfSingle(text, single)) return true;
  }
  return false;
}

function hasOurs(text: string): boolean {
  const network = inspectNetwork(text);
  return network.kind === 'chain' && network.hasOurs;
}

/** A file for one plugin cannot hold two: a chain takes its place, and it is kept under a name that nobody looks for. */
async function chainSingle(path: string, text: string, entry: PluginEntry): Promise<Finding> {
  const chain = chainOf(path);
  await replaceFile(chain, chainOfSingle(text, entry), READABLE);
  await renameFile(path, `${path}${SAVED}`);
  return { level: 'done', text: `made ${chain} of ${path}, with the plugin in it` };
}

/** The chain that is made of a file for one plugin. */
function chainOf(single: string): string {
  return `${single.replace(/\.(?:conf|json)$/, '')}.conflist`;
}

const CONFIGURATION = /\.(?:conf|conflist|json)$/;
const SINGLE_ENDINGS = ['.conf', '.json'];
const SAVED = '.before-nodemesh';
const EXECUTABLE = 0o755;
const READABLE = 0o644;
