import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { openLab } from '../lab/lab-access.ts';
import { LabError, type LabStatus } from '../../lab/index.ts';
import type { ApiAddress } from './api-address.ts';
import { type ApiClient, createApiClient } from './api-client.ts';

/** Whom to ask. Without any of them: the controller of the lab that runs, so the whole mesh. */
export interface ApiOptions {
  readonly lab?: string;
  readonly node?: string;
  readonly address?: string;
  readonly tokenFile?: string;
}

/** What every command that asks an API takes. */
export function withApiOptions(command: Command): Command {
  return command
    .option('--node <name>', 'ask this node of the lab instead of the whole mesh')
    .option('--lab <name>', 'which lab, when several are running')
    .option('--address <url>', 'ask the dashboard at this URL instead of a lab')
    .option('--token-file <file>', 'bearer token for --address');
}

/** The API that the options mean. Rejects with CliError or LabError, each saying what to give instead. */
export async function openApi(context: CliContext, options: ApiOptions): Promise<ApiClient> {
  return createApiClient(await addressOf(context, options));
}

async function addressOf(context: CliContext, options: ApiOptions): Promise<ApiAddress> {
  const { address, tokenFile, node, lab } = options;
  if (address === undefined) {
    if (tokenFile !== undefined)
      throw mistake('--token-file: expected --address beside it, got none', 'a lab needs no token');
    return { url: dashboardOf(await openLab(context, lab).status(), node), token: undefined };
  }
  if (node !== undefined || lab !== undefined)
    throw mistake(
      `--address: expected to be alone, got ${node === undefined ? '--lab' : '--node'} beside it`,
      'an address names one dashboard; --node and --lab choose one of a lab',
    );
  return { url: urlOf(address), token: tokenFile === undefined ? undefined : readToken(tokenFile) };
}

/** Of a lab: a node's, or without a node the controller's. Throws LabError. */
export function dashboardOf(status: LabStatus, node: string | undefined): URL {
  const found = node === undefined ? status : status.nodes.find(({ name }) => name === node);
  if (found === undefined)
    throw new LabError({
      code: 'ERR_LAB_NOT_FOUND',
      blame: 'downstream',
      message: `no node ${node}`,
      hint: `nodes: ${status.nodes.map(({ name }) => name).join(', ')}`,
    });
  if (found.dashboard !== null) return new URL(found.dashboard);
  throw new LabError({
    code: 'ERR_LAB_UNAVAILABLE',
    blame: 'downstream',
    message: `the lab ${status.name} has no mesh and so no dashboard`,
    hint: 'start it without --no-mesh',
  });
}

function urlOf(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw mistake(
    `--address: expected a URL such as http://127.0.0.1:15022, got ${JSON.stringify(text)}`,
    'nodemesh lab status lists the dashboards of a lab',
  );
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError({
      code: 'ERR_CLI_API_ADDRESS',
      blame: 'downstream',
      message: `--token-file: expected a file that can be read, got ${file}`,
      cause,
    });
  }
  // What a header cannot carry would fail later, and with the token in the message.
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw mistake(
    `--token-file: expected one token in ${file}, got ${token === '' ? 'nothing' : 'something else'}`,
    'it is the file that the proxy was given as --dashboard-token-file',
  );
}

function mistake(message: string, hint: string): CliError {
  return new CliError({ code: 'ERR_CLI_API_ADDRESS', blame: 'downstream', message, hint });
}
