import { type ErrorCodeTable, MeshError } from '../base/index.ts';

export const LAB_ERROR_CODES = {
  ERR_LAB_NOT_RUNNING: 'no lab of that name is running, or several are and none was named',
  ERR_LAB_ALREADY_RUNNING: 'a lab of that name is up already',
  ERR_LAB_START: 'the supervisor or a part of the lab did not come up',
  ERR_LAB_COMMAND: 'a program that the lab needs failed or is not installed',
  ERR_LAB_MANIFEST: 'a manifest is not YAML, or an object in it is not what its kind asks for',
  ERR_LAB_NOT_FOUND: 'no object, node or container of that name',
  ERR_LAB_CONFLICT: 'the change contradicts what is there',
  ERR_LAB_REQUEST: 'a request to the supervisor is malformed',
  ERR_LAB_TIMEOUT: 'something in the lab took longer than it was given',
  ERR_LAB_UNAVAILABLE: 'a process of the lab that should answer does not',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type LabErrorCode = keyof typeof LAB_ERROR_CODES;

/** What goes wrong while running a lab, told in words that the person at the terminal can act on. */
export class LabError extends MeshError<LabErrorCode> {}
