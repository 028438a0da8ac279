import { causeOf, describeError, MeshError } from '../../base/index.ts';
import type { RefusalView } from '../../model/index.ts';
import { TunnelError, type TunnelRefusal } from '../../tunnel-protocol/index.ts';
import { ProxyError } from '../proxy-error.ts';
import { reasonOf } from './refusal-reason.ts';

/** What an error says about a refusal. */
export type Verdict = Pick<RefusalView, 'kind' | 'reason' | 'policy' | 'rule' | 'message' | 'hint'>;

/** `verdicts`: codes and reasons by which a proxy refuses on purpose; all else is a fault. */
export function verdictOf(error: MeshError, verdicts: ReadonlySet<string>): Verdict {
  const told = toldByPeer(error)?.why;
  if (told !== undefined) return told;
  const reason = reasonOf(error) ?? error.code;
  const { policy = '', rule } = decidedBy(error);
  return {
    kind: verdicts.has(error.code) || verdicts.has(reason) || isVerdictOfPeer(error) ? 'refused' : 'failed',
    reason,
    policy,
    rule: rule === undefined ? 0 : rule + 1,
    message: describeError(error),
    hint: hintOf(error),
  };
}

/** What the other end of a tunnel said of its refusal, where that is what stands behind the error. */
export function toldByPeer(error: MeshError | undefined): TunnelRefusal | undefined {
  return causeOf(error, TunnelError)?.refusal;
}

/** The policy that refused (of ALLOW policies that did not match, the only one), and which of its rules, counted from 0. */
export interface Decider {
  readonly policy?: string | undefined;
  readonly rule?: number | undefined;
}

/** Whichever end of a tunnel it was that decided; empty where no one policy did. */
export function decidedBy(error: MeshError | undefined): Decider {
  const own = causeOf(error, ProxyError);
  const policy = own?.policy ?? own?.onlyUnmatched;
  if (policy !== undefined) return { policy, rule: own?.rule };
  const told = toldByPeer(error)?.why;
  if (told === undefined || told.policy === '') return {};
  return { policy: told.policy, rule: told.rule === 0 ? undefined : told.rule - 1 };
}

/** The other end of the tunnel has judged. */
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
