import type { Field } from '../fields/index.ts';

/** What an entry holds for: what a workload sends, what it receives, or both. */
export type WorkloadMode = (typeof MODES)[number];

/** An absent mode is both. */
export function parseMode(field: Field): WorkloadMode {
  return field.oneOf(MODES) ?? 'CLIENT_AND_SERVER';
}

/** `match.mode` of an entry. */
export function parseModeMatch(field: Field): WorkloadMode {
  return parseMode(field.object(['mode']).key('mode'));
}

/** The names of the providers that an entry is about. Empty: whichever hold anyway. */
export function parseProviders(field: Field): readonly string[] {
  return field
    .items()
    .map((item) => item.object(['name']).key('name').required().text({ minLength: 1 }) ?? '');
}

/** Null is "not set" for the fields that Istio's schema calls nullable. */
export function parseNullableBoolean(field: Field): boolean | undefined {
  return field.value === null ? undefined : field.boolean();
}

const MODES = ['CLIENT_AND_SERVER', 'CLIENT', 'SERVER'] as const;
