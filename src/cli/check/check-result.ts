/** What one check found. */
export interface CheckResult {
  readonly group: 'machine' | 'mesh' | 'cluster';
  /** What was looked at, in a few words. */
  readonly name: string;
  /** `not seen`: there was nothing to look at, so nothing is known. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'not seen';
  /** What was found. */
  readonly seen: string;
  /** What to do; empty when nothing is to be done. */
  readonly hint: string;
}

type Group = CheckResult['group'];

/** Makes the results of one group. */
export interface Results {
  ok(name: string, seen: string): CheckResult;
  warning(name: string, seen: string, hint: string): CheckResult;
  failed(name: string, seen: string, hint: string): CheckResult;
  notSeen(name: string, seen: string): CheckResult;
}

/** `seen` is what was found, `hint` what to do about it. */
export function resultsOf(group: Group): Results {
  return {
    ok: (name, seen) => ({ group, name, outcome: 'ok', seen, hint: '' }),
    warning: (name, seen, hint) => ({ group, name, outcome: 'warning', seen, hint }),
    failed: (name, seen, hint) => ({ group, name, outcome: 'failed', seen, hint }),
    notSeen: (name, seen) => ({ group, name, outcome: 'not seen', seen, hint: '' }),
  };
}
