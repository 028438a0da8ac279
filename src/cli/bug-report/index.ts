import { release } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { type Command, Option } from 'commander';
import { type LabClient, LabError } from '../../lab/index.ts';
import type { ApiClient } from '../api/index.ts';
import {
  type ApiOptions,
  openApi,
  openMesh,
  type RunningMesh,
  withApiOptions,
} from '../running-mesh/index.ts';
import { allChecks, checkText } from '../check/index.ts';
import type { CliContext } from '../context.ts';
import { openLab } from '../lab/lab-access.ts';
import { wholeNumber } from '../option-values.ts';
import { byteCount } from '../observe/index.ts';
import { createProgress } from '../terminal/index.ts';
import { printData } from '../terminal/print-data.ts';
import { VERSION } from '../version.ts';
import { apiParts } from './collect-api.ts';
import { collectFiles, labParts, meshParts, type Wanted } from './collect-mesh.ts';
import { jsonFile, textFile } from './report-file.ts';

interface ReportOptions extends ApiOptions {
  readonly file?: string;
  readonly logLines: number;
  readonly output: 'text' | 'json';
}

/** Parts that are missing, on the terminal: when a whole process is gone, there are dozens. */
const TOLD = 5;

/** `nodemesh bug-report`: all that somebody else needs to see what you see, and no secret. */
export function addBugReportCommand(program: Command, context: CliContext): void {
  withApiOptions(
    program
      .command('bug-report')
      .description('pack what is needed to understand a problem into one .tar.gz, without secrets')
      .option('--file <path>', 'where to (default: nodemesh-bug-report-TIME.tar.gz here)')
      .option('--log-lines <lines>', 'so many of the last lines of each log', wholeNumber, 5_000)
      .addOption(
        new Option('-o, --output <format>', 'how to print what was packed')
          .choices(['text', 'json'])
          .default('text'),
      ),
  )
    .addHelpText(
      'after',
      `
In it: versions, the lab's status and objects, of each part its dump, metrics and the tail of its log, what the API knows of
the last 15 minutes, and what nodemesh check says. Left out: contents of Secrets, private keys, tokens, passwords. Names,
addresses and paths stay, so look through it before you give it away.

Examples:
  $ nodemesh bug-report
  $ nodemesh bug-report --lab demo --file /tmp/report.tar.gz
  $ nodemesh bug-report -o json | jq .missing     what did not answer`,
    )
    .action(async ({ file, output, logLines, ...where }: ReportOptions) => {
      const { terminal } = context;
      const progress = createProgress(terminal);
      progress.update('collecting');
      try {
        const name = `nodemesh-bug-report-${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}`;
        const target = file ?? `${name}.tar.gz`;
        const { files, missing } = await collectFiles(await wantedParts(context, where, logLines));
        const all = [...files, jsonFile('missing.json', missing)];
        // Only this command needs the library.
        const { writeArchive } = await import('./archive.ts');
        const bytes = await writeArchive(target, name, all);
        progress.stop();
        if (output === 'json') {
          printData(terminal, 'json', { file: target, bytes, files: all.map(({ path }) => path), missing });
          return;
        }
        terminal.stdout.write(`${target}: ${all.length} files, ${byteCount(bytes)}\n`);
        for (const { path, why } of missing.slice(0, TOLD))
          terminal.stderr.write(`not in it: ${path}: ${why}\n`);
        if (missing.length > TOLD)
          terminal.stderr.write(`not in it: ${missing.length - TOLD} more, listed in its missing.json\n`);
      } finally {
        progress.stop();
      }
    });
}

async function wantedParts(
  context: CliContext,
  where: ApiOptions,
  logLines: number,
): Promise<readonly Wanted[]> {
  const sources = await openSources(context, where);
  return [
    { path: 'versions.json', read: async () => jsonFile('versions.json', versions()) },
    {
      path: 'check.txt',
      read: async () => {
        const results = await allChecks(context, { ...where, file: [] });
        return textFile('check.txt', stripVTControlCharacters(checkText(results, context.terminal.colours)));
      },
    },
    ...(sources.lab === undefined ? [] : labParts(sources.lab, logLines)),
    ...(sources.mesh === undefined ? [] : await meshParts(sources.mesh, logLines)),
    ...sources.apis.flatMap(([name, api]) => apiParts(api, name)),
  ];
}

interface Sources {
  readonly lab?: LabClient;
  readonly mesh?: RunningMesh;
  readonly apis: readonly (readonly [name: string, api: ApiClient])[];
}

/** A mesh with all of its dashboards, or the dashboard at an address. Without any of them there is still this machine. */
async function openSources(context: CliContext, where: ApiOptions): Promise<Sources> {
  if (where.address !== undefined || where.tokenFile !== undefined)
    return { apis: [['mesh', await openApi(context, where)]] };
  const mesh = await findMesh(context, where);
  if (mesh === undefined) return { apis: [] };
  const nodes = where.node === undefined ? await mesh.nodes() : [where.node];
  const apis = nodes.map(async (node) => [node, await mesh.api(node)] as const);
  return {
    ...(mesh.place === 'lab' ? { lab: openLab(context, where.lab) } : {}),
    mesh,
    apis: [['mesh', await mesh.api()], ...(await Promise.all(apis))],
  };
}

async function findMesh(context: CliContext, where: ApiOptions): Promise<RunningMesh | undefined> {
  try {
    return await openMesh(context, where);
  } catch (error) {
    const isNamed = Object.values(where).some((value) => value !== undefined);
    if (isNamed || !(error instanceof LabError) || error.code !== 'ERR_LAB_NOT_RUNNING') throw error;
    context.terminal.stderr.write(`${error.message}: only this machine is reported (${error.hint ?? ''})\n`);
    return undefined;
  }
}

function versions(): object {
  return {
    nodemesh: VERSION,
    node: process.versions.node,
    openssl: process.versions.openssl,
    kernel: release(),
  };
}
