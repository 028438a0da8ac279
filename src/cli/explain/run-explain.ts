import { readFileSync } from 'node:fs';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { openMesh, type RunningMesh } from '../running-mesh/index.ts';
import { printData } from '../terminal/print-data.ts';
import { createWorld, fileObjects, meshObjects, meshSettings, type World } from '../world/index.ts';
import { explain, type Question } from './explain.ts';
import type { ExplainedVerdict } from './explanation.ts';
import { withHistory } from './history/with-history.ts';
import type { ExplainFlags } from './explain-flags.ts';
import { explanationText } from './render/explanation-text.ts';
import type { AskedRequest } from './request/asked-request.ts';

/** Answers, prints, and sets the exit status. */
export async function runExplain(
  context: CliContext,
  {
    source,
    destination,
    flags,
  }: { readonly source: string; readonly destination: string; readonly flags: ExplainFlags },
): Promise<void> {
  const question: Question = { source, destination, namespace: flags.namespace, request: requestOf(flags) };
  const mesh = flags.filename.length > 0 ? undefined : await openMesh(context, flags);
  const world = mesh === undefined ? imaginedWorld(flags) : await worldOf(mesh);
  const explained = await explain(world, question);
  const complete = mesh === undefined ? explained : await withHistory(mesh, { world, question, explained });
  const { terminal } = context;
  if (flags.output === 'table') terminal.stdout.write(explanationText(complete, terminal.colours));
  else printData(terminal, flags.output, complete);
  context.setExitCode(EXIT_CODES[complete.verdict]);
}

async function worldOf(mesh: RunningMesh): Promise<World> {
  const [objects, settings] = await Promise.all([meshObjects(mesh), meshSettings(mesh)]);
  return createWorld({ objects, settings });
}

function imaginedWorld({ filename, trustDomain, rootNamespace }: ExplainFlags): World {
  const settings = {
    ...(trustDomain === undefined ? {} : { trustDomain }),
    ...(rootNamespace === undefined ? {} : { rootNamespace }),
  };
  return createWorld({ objects: fileObjects(filename), settings, imagine: true });
}

function requestOf({ method, path, header, host, jwt, jwks, tcp = false, sni }: ExplainFlags): AskedRequest {
  if (!path.startsWith('/')) throw badOption('--path: expected a path that begins with /', path);
  const keys = jwks === undefined ? undefined : readText(jwks, '--jwks');
  return {
    method,
    path,
    headers: header.map(readHeader),
    host,
    jwt: jwt?.startsWith('@') === true ? readText(jwt.slice(1), '--jwt').trim() : jwt,
    isBytes: tcp,
    sni,
    ...(keys === undefined ? {} : { keysOf: () => keys }),
  };
}

function readHeader(text: string): readonly [string, string] {
  const [, name, value] = /^([^\s:]+)\s*[:=]\s*(.*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw badOption("--header: expected a header as 'x-team: checkout'", text);
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw badOption(`${option}: expected a file that can be read`, file, cause);
  }
}

function badOption(expected: string, got: string, cause?: unknown): CliError {
  return new CliError({
    code: 'ERR_CLI_OPTION',
    blame: 'downstream',
    message: `${expected}, got ${JSON.stringify(got)}`,
    cause,
  });
}

const EXIT_CODES: Readonly<Record<ExplainedVerdict, number>> = { allowed: 0, refused: 1, unknown: 2 };
