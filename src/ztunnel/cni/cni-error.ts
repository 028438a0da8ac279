/** The codes of the CNI specification 1.1.0 ("Error") that we use. */
export const CNI_CODES = {
  badEnvironment: 4,
  badJson: 6,
  badConfig: 7,
  tryLater: 11,
} as const;

/** A number in CNI_CODES. */
export type CniCode = (typeof CNI_CODES)[keyof typeof CNI_CODES];

/** What a plugin can be asked for that is not answered by itself. */
export type CniCommand = 'ADD' | 'CHECK' | 'DEL' | 'GC' | 'other';

/** What a container runtime is told, and by it whoever describes the pod. */
export interface CniFailure {
  readonly code: CniCode;
  /** What is the matter, without our name before it. */
  readonly message: string;
  /** What to do about it; empty: nothing that a person could. */
  readonly hint: string;
}

/** A result: text for standard output, or a failure. */
export type CniResult = { readonly text: string } | { readonly failure: CniFailure };

export const SUCCESS: CniResult = { text: '' };

/** `hint`: what to do about it. Default: nothing that a person could. */
export function cniFailure(code: CniCode, message: string, hint = ''): CniResult {
  return { failure: { code, message, hint } };
}

/** What a call says of itself is repeated in messages and logs, and may be a mebibyte. */
export function cutShort(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

const LONGEST_TEXT = 1_000;

/** The JSON of a failure, as the specification wants it. */
export function formatFailure({ code, message, hint }: CniFailure, cniVersion: string): string {
  return `${JSON.stringify({ cniVersion, code, msg: `nodemesh: ${cutShort(message)}`, details: hint })}\n`;
}
