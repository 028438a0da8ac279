import type { UnmetPart } from '../../../policy/index.ts';
import type { PolicyFact } from '../explanation.ts';

/** Whom a fix may be about beside the policies. */
export interface FixContext {
  /** Namespace of the caller; undefined: it is outside. */
  readonly callerNamespace: string | undefined;
  /** The caller proves nobody: it is not in the mesh. */
  readonly isPlaintext: boolean;
  /** PeerAuthentications that may want STRICT here, by `namespace/name`. */
  readonly strict: readonly string[];
  /** Istio's labels are another mesh's. Default false. */
  readonly sideBySide?: boolean | undefined;
}

/** The smallest change to policies, or labels, after which they would let it through. Undefined: they do already. */
export function smallestChange(facts: readonly PolicyFact[], context: FixContext): string | undefined {
  const enforced = facts.filter(({ dryRun }) => !dryRun);
  const absent = enforced.find(({ effect }) => effect === 'not received');
  if (absent !== undefined)
    return `create ${absent.policy}, which the workload names, or wait until it has arrived`;
  const denying = enforced.find(({ effect }) => effect === 'denied');
  if (denying !== undefined) {
    const change = withoutDenial(denying, context);
    const further = smallestChange(
      enforced.filter(({ effect }) => effect !== 'denied'),
      context,
    );
    return further === undefined || further.startsWith(enrolment(context))
      ? change
      : `${change}; then ${further}`;
  }
  const allowing = enforced.filter(({ action }) => action === 'ALLOW');
  if (allowing.length === 0 || allowing.some(({ unmet, rule }) => rule > 0 && unmet.length === 0))
    return undefined;
  const [nearest] = allowing.toSorted(byDistance);
  return nearest && withPermission(nearest, context);
}

function byDistance(a: PolicyFact, b: PolicyFact): number {
  const distance = ({ rule, unmet }: PolicyFact): number =>
    rule === 0 ? Number.POSITIVE_INFINITY : unmet.length;
  const [left, right] = [distance(a), distance(b)];
  return left === right ? 0 : left - right;
}

function withoutDenial({ policy, kind, rule }: PolicyFact, context: FixContext): string {
  if (kind === 'AuthorizationPolicy')
    return `take it out of rule ${rule} of AuthorizationPolicy ${policy} (a notPrincipals, notNamespaces, notPorts or notPaths there), or delete the policy`;
  const whose =
    context.strict.length === 0
      ? 'the PeerAuthentication'
      : `PeerAuthentication ${context.strict.join(' or ')}`;
  return `${enrolment(context)}, or set mode: PERMISSIVE in ${whose}`;
}

function withPermission({ policy, rule, unmet }: PolicyFact, context: FixContext): string {
  if (rule === 0)
    return `add a rule to AuthorizationPolicy ${policy}, which has none and so allows nothing; or add another ALLOW policy`;
  if (context.isPlaintext && unmet.some(({ subject }) => OF_IDENTITY.has(subject)))
    return `${enrolment(context)}, so that it can prove who it is (rule ${rule} of AuthorizationPolicy ${policy} asks for a ${unmet.find(({ subject }) => OF_IDENTITY.has(subject))?.subject})`;
  const changes = unmet.map((part) => changeFor(part, policy));
  const inPolicy = changes.filter(({ isOfRequest }) => !isOfRequest).map(({ text }) => text);
  const inRequest = changes.filter(({ isOfRequest }) => isOfRequest).map(({ text }) => text);
  return [
    ...(inPolicy.length === 0
      ? []
      : [`in rule ${rule} of AuthorizationPolicy ${policy} ${inPolicy.join(' and ')}`]),
    ...inRequest,
  ].join('; and ');
}

function enrolment({ callerNamespace, sideBySide = false }: FixContext): string {
  const label = `${sideBySide ? 'nodemesh.io' : 'istio.io'}/dataplane-mode=ambient`;
  return callerNamespace === undefined
    ? 'let a client inside the mesh call'
    : `enrol the caller (label namespace ${callerNamespace} ${label})`;
}

function changeFor(
  { where, subject, expected, got }: UnmetPart,
  policy: string,
): { readonly text: string; readonly isOfRequest: boolean } {
  const field = FIELDS[subject];
  if (expected.startsWith('none of'))
    return {
      text: `take what fits ${got} from ${field === undefined ? `the notValues of ${subject}` : notField(field)} (${where})`,
      isOfRequest: false,
    };
  if (got === 'no token')
    return { text: `send a token with ${subject} ${expected} (${policy})`, isOfRequest: true };
  if (subject.startsWith('header ') && got === 'no such header')
    return { text: `send ${subject}: ${expected}`, isOfRequest: true };
  if (field !== undefined)
    return { text: `add ${JSON.stringify(got)} to ${field} (${where})`, isOfRequest: false };
  return { text: `add ${JSON.stringify(got)} to the values of ${subject} (${where})`, isOfRequest: false };
}

function notField(field: string): string {
  return `not${field.slice(0, 1).toUpperCase()}${field.slice(1)}`;
}

const OF_IDENTITY: ReadonlySet<string> = new Set([
  'principal',
  'namespace',
  'service account',
  'trust domain',
]);
/** Where in a rule the values of a subject are written. */
const FIELDS: Readonly<Record<string, string>> = {
  principal: 'principals',
  namespace: 'namespaces',
  'service account': 'serviceAccounts',
  'source IP': 'ipBlocks',
  'source ip': 'ipBlocks',
  'remote ip': 'remoteIpBlocks',
  port: 'ports',
  method: 'methods',
  path: 'paths',
  host: 'hosts',
  'request principal': 'requestPrincipals',
};
