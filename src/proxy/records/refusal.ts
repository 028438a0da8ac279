import { causeOf, describeError, MeshError } from '../../base/index.ts';
import type { RefusalView } from '../../model/index.ts';
import { TunnelError } from '../../tunnel-protocol/index.ts';
import { ProxyError } from '../proxy-error.ts';
import { reasonOf } from './refusal-reason.ts';

/** What an error says about a refusal. */
export type Verdict = Pick<RefusalView, 'kind' | 'reason' | 'policy' | 'rule' | 'message' | 'hint'>;

/** `verdicts`: codes and reasons by which a proxy refuses on purpose; all else is a fault. */
export function verdictOf(error: MeshError, verdicts: ReadonlySet<string>): Verdict {
  const own = causeOf(error, ProxyError);
  const reason = reasonOf(error) ?? error.code;
  return {
    kind: verdicts.has(error.code) || verdicts.has(reason) || isVerdictOfPeer(error) ? 'refused' : 'failed',
    reason,
    policy: own?.policy ?? own?.onlyUnmatched ?? '',
    rule: own?.rule === undefined ? 0 : own.rule + 1,
    message: describeError(error),
    hint: hintOf(error),
  };
}

/** The other end of the tunnel has judged, and tells more of it itself. */
function isVerdictOfPeer(error: MeshError): boolean {
  const status = causeOf(error, TunnelError)?.status;
  return status !== undefined && status < 500;
}

/** The outermost error that has one: it knows most about what was wanted. */
function hintOf(error: MeshError): string {
  for (let current: unknown = error; current instanceof Error; current = current.cause)
    if (current instanceof MeshError && current.hint !== undefined) return current.hint;
  return '';
}
