import type { PolicyKey } from '../model/index.ts';

/** What every explanation says in words. */
export interface ExplanationTexts {
  readonly sentence: string;
  readonly remedy?: string | undefined;
}

/**
 * What decided, with texts that are put together when somebody first reads them: what is allowed seldom needs them. `place`: where in
 * the policy; one object is made of all, since this is made for each request.
 */
export function withTexts<Policy extends PolicyKey | undefined, Place extends object>(
  policy: Policy,
  place: Place,
  sentence: () => string,
  remedy?: () => string,
): { readonly policy: Policy } & Place & ExplanationTexts {
  let made: string | undefined;
  let remade: string | undefined;
  return {
    policy,
    ...place,
    get sentence() {
      made ??= sentence();
      return made;
    },
    get remedy() {
      remade ??= remedy?.();
      return remade;
    },
  };
}

/** Of nothing that was denied, where nothing had to be allowed by name. */
export const ALLOWED_SENTENCE = 'allowed: no ALLOW policy applies, and no DENY policy matches';

/** The first ten of them, and how many more there are: for one line of a log. */
export function listPolicies(keys: readonly PolicyKey[]): string {
  if (keys.length <= LONGEST_LIST) return keys.join(', ');
  return `${keys.slice(0, LONGEST_LIST).join(', ')} and ${keys.length - LONGEST_LIST} more`;
}

const LONGEST_LIST = 10;
