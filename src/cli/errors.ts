import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const CLI_ERROR_CODES = {
  ERR_CLI_API_ADDRESS: 'what was given as the address or the token of an API cannot be one',
  ERR_CLI_API_UNREACHABLE: 'nobody answered where the API of a node or of the mesh should be',
  ERR_CLI_API_ANSWER: 'the API refused the question, or answered with what is not an answer',
  ERR_CLI_CLUSTER: 'a cluster cannot have, keep or lose the mesh as it is',
  ERR_CLI_CONFLICT: 'what is there already is in the way of what a command was to write',
  ERR_CLI_FILE: 'a file that a command was to write cannot be written',
  ERR_CLI_NODE: 'something of the mesh is left on a node, or still runs there',
  ERR_CLI_OPTION:
    'options of a command contradict one another, one needs another, or the value of one cannot be used',
  ERR_CLI_PARTY: 'a name or address that stands for nothing in the mesh, or cannot be one',
  ERR_CLI_TIMEOUT: 'a cluster or a lab did not become what it was made to be in the time that was given',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type CliErrorCode = keyof typeof CLI_ERROR_CODES;

/** What goes wrong between a command and whom it asks. */
export class CliError extends MeshError<CliErrorCode> {}
