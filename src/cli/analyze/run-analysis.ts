import { readFileSync } from 'node:fs';
import {
  ANALYSIS_LEVELS,
  type AnalysedObject,
  type AnalysisSettings,
  analyze,
  type Finding,
  parseSuppression,
  type Suppression,
} from '../../controller/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { besideAs, type TellingObject } from '../install/side-by-side.ts';
import { withObjectReader } from '../object-store/index.ts';
import { VERSION } from '../version.ts';
import { createFileSource } from './file-source.ts';
import { createObjectSource } from './object-source.ts';
import type { AnalyzeOptions } from './options.ts';
import { formatJson, formatSarif, formatText } from './report/index.ts';

/** Prints what is found, and sets the exit status to 2 where something is as grave as `--fail-on`. */
export async function runAnalysis(
  files: readonly string[],
  options: AnalyzeOptions,
  context: CliContext,
): Promise<void> {
  const suppressions = options.suppress.map(readSuppression);
  const complete = files.length === 0;
  const { objects, findings } = complete
    ? await withObjectReader(context, options, (reader) => createObjectSource(reader).read())
    : await createFileSource(files, () => readFileSync(0, 'utf8')).read();
  const { trustDomain, clusterDomain, rootNamespace } = options;
  const settings = {
    ...{ trustDomain, clusterDomain, rootNamespace, complete },
    ...{ clusterId: 'Kubernetes', network: '' },
    ...besideAnother(options, objects),
  };
  const all = analyze(objects, { settings, suppressions, found: findings });
  const shown = all.filter((found) => isAsGrave(found, options.level));
  const { stdout, colours } = context.terminal;
  const report = { findings: shown, objects: objects.length };
  switch (options.output) {
    case 'text':
      stdout.write(formatText(report, colours));
      break;
    case 'json':
      stdout.write(formatJson(report));
      break;
    case 'sarif':
      stdout.write(formatSarif(report, VERSION));
      break;
  }
  const { failOn } = options;
  if (failOn !== 'never' && all.some((found) => isAsGrave(found, failOn))) context.setExitCode(FOUND);
}

/** As the options say, else as the mesh runs that is among the objects. */
function besideAnother(
  { sideBySide = false, sharedRoots = false }: AnalyzeOptions,
  objects: readonly AnalysedObject[],
): Pick<AnalysisSettings, 'sideBySide' | 'sharedRoots'> {
  // Kind and name are of the form that they must have, whatever else is written there.
  const found = besideAs(objects.map(({ content }) => content as TellingObject));
  const settings = {
    sideBySide: sideBySide || found.sideBySide,
    sharedRoots: sharedRoots || found.sharedRoots,
  };
  if (settings.sideBySide || !settings.sharedRoots) return settings;
  throw new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: '--shared-roots: expected --side-by-side beside it, got it alone',
    hint: 'roots are shared with another mesh, or with nobody',
  });
}

function isAsGrave({ definition }: Finding, level: (typeof ANALYSIS_LEVELS)[number]): boolean {
  return ANALYSIS_LEVELS.indexOf(definition.level) >= ANALYSIS_LEVELS.indexOf(level);
}

function readSuppression(text: string): Suppression {
  const suppression = parseSuppression(text);
  if (suppression !== undefined) return suppression;
  throw new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `--suppress: expected CODE=Kind namespace/name, got ${JSON.stringify(text)}`,
    hint: 'for example --suppress "IST0118=Service shop/cart", or "NM0054=*" for all objects',
  });
}

/** Apart from 1, with which every command ends that could not do its work. */
const FOUND = 2;
