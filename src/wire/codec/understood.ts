import { badField } from './field.ts';

/**
 * A condition that is skipped widens an ALLOW and narrows a DENY. So a field of a newer version makes the policy one
 * that is not understood, where elsewhere it would be passed over.
 */
export function understood(
  message: { readonly $unknown?: readonly { readonly no: number }[] | undefined },
  path: string,
): string {
  const [unknown] = message.$unknown ?? [];
  if (unknown === undefined) return path;
  throw badField(
    path,
    `field number ${unknown.no} is not known to this version, so the policy is not understood`,
  );
}
