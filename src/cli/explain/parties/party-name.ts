import { CliError } from '../../errors.ts';

/** What a name may stand for. */
export type PartyKind = 'pod' | 'workload' | 'account' | 'service';

/** A name as somebody wrote it. */
export interface PartyName {
  /** Undefined: whatever is called so. */
  readonly kind: PartyKind | undefined;
  /** Undefined: not said. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** `pod/NAME`, `deploy/NAMESPACE/NAME`, `NAMESPACE/NAME`, `NAME`. Throws ERR_CLI_PARTY. */
export function parsePartyName(text: string): PartyName {
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  const kind = Object.hasOwn(KINDS, first) ? KINDS[first] : undefined;
  const wrong = parts.length > 3 || parts.includes('') || (third !== undefined && kind === undefined);
  if (wrong) throw badName(text);
  if (kind !== undefined && second !== undefined)
    return third === undefined
      ? { kind, namespace: undefined, name: second }
      : { kind, namespace: second, name: third };
  return second === undefined
    ? { kind: undefined, namespace: undefined, name: first }
    : { kind: undefined, namespace: first, name: second };
}

function badName(text: string): CliError {
  return new CliError({
    code: 'ERR_CLI_PARTY',
    blame: 'downstream',
    message: `expected a name such as shop/cart, deploy/shop/cart, sa/shop/cart or an address, got ${JSON.stringify(text)}`,
    hint: 'kinds are pod, deploy, sts, ds, job, sa and svc; -n NAMESPACE is for names without one',
  });
}

/** Nothing is called so. */
export function unknownParty(text: string, near: readonly string[]): CliError {
  return new CliError({
    code: 'ERR_CLI_PARTY',
    blame: 'downstream',
    message: `nothing in the mesh is called ${text}`,
    hint:
      near.length === 0
        ? 'nodemesh workloads and nodemesh services list what there is'
        : `there is ${near.slice(0, 5).join(', ')}`,
  });
}

const KINDS: Readonly<Record<string, PartyKind>> = {
  pod: 'pod',
  po: 'pod',
  pods: 'pod',
  deploy: 'workload',
  deployment: 'workload',
  sts: 'workload',
  statefulset: 'workload',
  ds: 'workload',
  daemonset: 'workload',
  job: 'workload',
  cronjob: 'workload',
  workload: 'workload',
  sa: 'account',
  serviceaccount: 'account',
  svc: 'service',
  service: 'service',
};
