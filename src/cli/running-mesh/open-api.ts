import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { type ApiAddress, type ApiClient, createApiClient } from '../api/index.ts';
import { type MeshPlaceOptions, openMesh, withMeshPlaceOptions } from './open-mesh.ts';

/** Whom to ask. Without any of them: the controller of the lab or cluster that is meant, so the whole mesh. */
export interface ApiOptions extends MeshPlaceOptions {
  readonly node?: string;
  readonly address?: string;
  readonly tokenFile?: string;
}

/** What every command that asks an API takes. */
export function withApiOptions(command: Command): Command {
  return withMeshPlaceOptions(command.option('--node <name>', 'ask this node instead of the whole mesh'))
    .option('--address <url>', 'ask the dashboard at this URL instead of a lab or a cluster')
    .option('--token-file <file>', 'bearer token for --address');
}

/** The API that the options mean. Rejects with MeshError, saying what to give instead. */
export async function openApi(context: CliContext, options: ApiOptions): Promise<ApiClient> {
  const { address, tokenFile, node } = options;
  if (address !== undefined) return createApiClient(addressOf(address, options));
  if (tokenFile !== undefined)
    throw mistake('--token-file: expected --address beside it, got none', 'labs and clusters need no token');
  return await (await openMesh(context, options)).api(node);
}

function addressOf(address: string, { tokenFile, ...others }: ApiOptions): ApiAddress {
  const beside = (['node', 'lab', 'kubeconfig', 'context'] as const).find(
    (name) => others[name] !== undefined,
  );
  if (beside !== undefined)
    throw mistake(
      `--address: expected to be alone, got --${beside} beside it`,
      'an address names one dashboard; the others choose one of a lab or a cluster',
    );
  return { url: urlOf(address), token: tokenFile === undefined ? undefined : readToken(tokenFile) };
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
