import type { PolicyKey } from '../model/index.ts';

/** What every explanation says in words. */
export interface ExplanationTexts {
  readonly sentence: string;
  readonly remedy?: string | undefined;
}

/** What decided, with texts that are put together when somebody first reads them: what is allowed seldom needs them. */
export function withTexts<T extends object>(
  decider: T,
  sentence: () => string,
  remedy?: () => string,
): T & ExplanationTexts {
  let made: string | undefined;
  let remade: string | undefined;
  return {
    ...decider,
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
