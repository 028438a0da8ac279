import { readFileSync } from 'node:fs';
import type { FlowRecord } from '../../model/index.ts';
import { type MeshPlaceOptions, openApi, openMesh } from '../running-mesh/index.ts';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { printData } from '../terminal/print-data.ts';
import { createWorld, fileObjects, meshObjects, meshSettings, type World } from '../world/index.ts';
import type { TryFlags } from './try-flags.ts';
import { propose } from './replay/proposal.ts';
import { replay } from './replay/replay.ts';
import type { TryResult } from './replay/try-result.ts';
import { tryText } from './try-text.ts';

/** Replays, prints, and sets the exit status. */
export async function runTry(context: CliContext, flags: TryFlags): Promise<void> {
  const isOffline = flags.objects.length > 0;
  if (isOffline && flags.flows === undefined)
    throw mistake('--objects: expected --flows beside it, got none', 'a running mesh has objects of its own');
  const mesh = isOffline ? undefined : await openMesh(context, placeOf(flags));
  const inForce = mesh === undefined ? fileObjects(flags.objects) : await meshObjects(mesh);
  const settings = mesh === undefined ? {} : await meshSettings(mesh);
  const { objects, proposed } = propose(inForce, fileObjects(flags.filename));
  const before = createWorld({ objects: inForce, settings, imagine: isOffline });
  const after = createWorld({ objects, settings, imagine: isOffline });
  const flows =
    flags.flows === undefined ? await askFlows(context, flags) : readFlows(flags.flows, flags.window);
  const result: TryResult = {
    proposed,
    windowSeconds: flags.window / 1000,
    ...replay(flows, before, after),
    notes: problemsOf(before, after),
  };
  const { terminal } = context;
  if (flags.output === 'table') terminal.stdout.write(tryText(result, terminal.colours, Date.now()));
  else printData(terminal, flags.output, result);
  context.setExitCode(result.refused.length > 0 ? 1 : 0);
}

/** An address names whose traffic it is; objects are of a lab or cluster all the same. */
function placeOf({ lab, kubeconfig, context }: TryFlags): MeshPlaceOptions {
  return {
    ...(lab === undefined ? {} : { lab }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

async function askFlows(context: CliContext, flags: TryFlags) {
  const api = await openApi(context, flags);
  return (await api.get('/api/v1/flows', { window: flags.window / 1000, limit: MOST_FLOWS })).flows;
}

/** The window counts back from the newest: a file may be old. Throws ERR_CLI_OPTION. */
function readFlows(file: string, windowMs: number): readonly FlowRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw mistake(
      `--flows: expected a file of JSON, got ${file}`,
      'curl DASHBOARD/api/v1/flows > flows.json',
      cause,
    );
  }
  const list = Array.isArray(value) ? value : (value as { readonly flows?: unknown } | null)?.flows;
  if (!Array.isArray(list) || !list.every(isFlow))
    throw mistake(
      `--flows: expected a list of flows in ${file}, got something else`,
      'it is what /api/v1/flows answers',
    );
  const newest = list.reduce((latest, { lastMs }) => Math.max(latest, lastMs), 0);
  return list.filter(({ lastMs }) => lastMs >= newest - windowMs);
}

/** As much of it as tells that it is one; who writes them is of this very version. */
function isFlow(value: unknown): value is FlowRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { reporter, source, destination, count, lastMs } = value as Partial<FlowRecord>;
  return (
    typeof reporter === 'string' &&
    typeof source?.identity === 'string' &&
    typeof destination?.workload === 'string' &&
    typeof count === 'number' &&
    typeof lastMs === 'number'
  );
}

/** Those that the proposal brings. */
function problemsOf(before: World, after: World): readonly string[] {
  const known = new Set(before.problems.map(({ object, message }) => `${object} ${message}`));
  return after.problems
    .filter(({ severity, object, message }) => severity === 'error' && !known.has(`${object} ${message}`))
    .map(({ object, field, message }) => `${object}${field === '' ? '' : `, ${field}`}: ${message}`);
}

function mistake(message: string, hint: string, cause?: unknown): CliError {
  return new CliError({ code: 'ERR_CLI_OPTION', blame: 'downstream', message, hint, cause });
}

const MOST_FLOWS = 5_000;
