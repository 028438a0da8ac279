import { create } from '@bufbuild/protobuf';
import { anyIs, anyPack, EmptySchema, StringValueSchema } from '@bufbuild/protobuf/wkt';
import {
  type AuthorizationPolicy,
  type Cidr,
  ipAddressToBytes,
  type Match,
  policyKey,
  type StringMatch,
} from '../../model/index.ts';
import { AUTHORIZATION_TYPE } from '../../xds/index.ts';
import {
  Action,
  AddressSchema,
  AuthorizationSchema,
  ClauseSchema,
  type Extension,
  ExtensionSchema,
  MatchSchema,
  RuleSchema,
  Scope,
  ServiceAccountMatchSchema,
  StringMatchSchema,
  type Address as WireAddress,
  type Match as WireMatch,
  type StringMatch as WireStringMatch,
} from '../generated/authorization_pb.js';
import { enumTable } from './enum-table.ts';
import { badField, decodePort, decodeRange, requireText } from './field.ts';
import { decodeMessage, type ResourceCodec, resourceCodec } from './resource-codec.ts';
import { understood } from './understood.ts';

const SCOPES = enumTable<AuthorizationPolicy['scope']>({
  global: Scope.GLOBAL,
  namespace: Scope.NAMESPACE,
  'workload-selector': Scope.WORKLOAD_SELECTOR,
});
const ACTIONS = enumTable<AuthorizationPolicy['action']>({ allow: Action.ALLOW, deny: Action.DENY });

/** `istio.security.Authorization`. */
export const authorizationCodec: ResourceCodec<AuthorizationPolicy> = resourceCodec({
  typeUrl: AUTHORIZATION_TYPE,
  schema: AuthorizationSchema,
  toMessage: (policy: AuthorizationPolicy) =>
    create(AuthorizationSchema, {
      name: policy.name,
      namespace: policy.namespace,
      scope: SCOPES.encode(policy.scope),
      action: ACTIONS.encode(policy.action),
      rules: policy.rules.map(({ clauses }) =>
        create(RuleSchema, {
          clauses: clauses.map(({ matches }) => create(ClauseSchema, { matches: matches.map(encodeMatch) })),
        }),
      ),
      dryRun: policy.dryRun,
      extensions: encodeReason(policy.notUnderstood),
    }),
  fromMessage(message): AuthorizationPolicy {
    const name = requireText(message.name, 'name');
    return {
      key: policyKey(message.namespace, name),
      name,
      namespace: message.namespace,
      scope: SCOPES.decode(message.scope, 'scope'),
      action: ACTIONS.decode(message.action, 'action'),
      rules: message.rules.map((rule, ruleIndex) => {
        const rulePath = understood(rule, `rules[${ruleIndex}]`);
        return {
          clauses: rule.clauses.map((clause, clauseIndex) => {
            const path = understood(clause, `${rulePath}.clauses[${clauseIndex}]`);
            return {
              matches: clause.matches.map((match, index) => decodeMatch(match, `${path}.matches[${index}]`)),
            };
          }),
        };
      }),
      dryRun: message.dryRun,
      ...decodeReason(message.extensions),
    };
  },
  nameOf: (policy) => policy.key,
});

/** Why a policy was not understood, for which Istio has no field. Its own ztunnel passes over extensions. */
function encodeReason(notUnderstood: string | undefined): Extension[] {
  if (notUnderstood === undefined) return [];
  const config = anyPack(StringValueSchema, create(StringValueSchema, { value: notUnderstood }));
  return [create(ExtensionSchema, { name: NOT_UNDERSTOOD, config })];
}

/** A reason that cannot be read is a bad field: to pass over it would turn a refusal into a policy that matches nothing. */
function decodeReason(extensions: readonly Extension[]): Pick<AuthorizationPolicy, 'notUnderstood'> {
  const extension = extensions.find(({ name }) => name === NOT_UNDERSTOOD);
  if (extension === undefined) return {};
  const { config } = extension;
  if (config === undefined || !anyIs(config, StringValueSchema))
    throw badField(
      `extensions[${NOT_UNDERSTOOD}]`,
      `expected a ${StringValueSchema.typeName}, got ${config?.typeUrl ?? 'nothing'}`,
    );
  const reason = decodeMessage(StringValueSchema, config.value).value;
  return reason === '' ? {} : { notUnderstood: reason };
}

function encodeMatch(match: Match): WireMatch {
  return create(MatchSchema, {
    namespaces: match.namespaces.map(encodeString),
    notNamespaces: match.notNamespaces.map(encodeString),
    principals: match.principals.map(encodeString),
    notPrincipals: match.notPrincipals.map(encodeString),
    serviceAccounts: match.serviceAccounts.map((account) => create(ServiceAccountMatchSchema, account)),
    notServiceAccounts: match.notServiceAccounts.map((account) => create(ServiceAccountMatchSchema, account)),
    sourceIps: match.sourceIps.map(encodeRange),
    notSourceIps: match.notSourceIps.map(encodeRange),
    destinationIps: match.destinationIps.map(encodeRange),
    notDestinationIps: match.notDestinationIps.map(encodeRange),
    destinationPorts: [...match.destinationPorts],
    notDestinationPorts: [...match.notDestinationPorts],
  });
}

function decodeMatch(match: WireMatch, path: string): Match {
  understood(match, path);
  const strings = (field: string, values: readonly WireStringMatch[]) =>
    values.map((value, index) => decodeString(value, `${path}.${field}[${index}]`));
  const ranges = (field: string, values: readonly WireAddress[]) =>
    values.map(({ address, length }, index) => decodeRange(address, length, `${path}.${field}[${index}]`));
  const ports = (field: string, values: readonly number[]) =>
    values.map((port, index) => decodePort(port, `${path}.${field}[${index}]`));
  const accounts = (values: WireMatch['serviceAccounts']) =>
    values.map(({ namespace, serviceAccount }) => ({ namespace, serviceAccount }));
  return {
    namespaces: strings('namespaces', match.namespaces),
    notNamespaces: strings('not_namespaces', match.notNamespaces),
    principals: strings('principals', match.principals),
    notPrincipals: strings('not_principals', match.notPrincipals),
    serviceAccounts: accounts(match.serviceAccounts),
    notServiceAccounts: accounts(match.notServiceAccounts),
    sourceIps: ranges('source_ips', match.sourceIps),
    notSourceIps: ranges('not_source_ips', match.notSourceIps),
    destinationIps: ranges('destination_ips', match.destinationIps),
    notDestinationIps: ranges('not_destination_ips', match.notDestinationIps),
    destinationPorts: ports('destination_ports', match.destinationPorts),
    notDestinationPorts: ports('not_destination_ports', match.notDestinationPorts),
  };
}

function encodeString(match: StringMatch): WireStringMatch {
  return create(StringMatchSchema, {
    matchType:
      match.kind === 'presence'
        ? { case: 'presence', value: create(EmptySchema) }
        : { case: match.kind, value: match.value },
  });
}

function decodeString({ matchType }: WireStringMatch, path: string): StringMatch {
  if (matchType.case === undefined)
    throw badField(path, 'expected exact, prefix, suffix or presence, got none of them');
  if (matchType.case === 'presence') return { kind: 'presence' };
  return { kind: matchType.case, value: matchType.value };
}

function encodeRange(range: Cidr): WireAddress {
  return create(AddressSchema, { address: ipAddressToBytes(range.address), length: range.prefixLength });
}

const NOT_UNDERSTOOD = 'nodemesh.io/not-understood';
