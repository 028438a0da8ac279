import { create } from '@bufbuild/protobuf';
import {
  policyKey,
  type RequestAction,
  type RequestPolicy,
  type RequestRule,
} from '../../../../model/index.ts';
import {
  type Authorization,
  AuthorizationAction as WireAction,
  type AuthorizationRule,
  AuthorizationRuleSchema,
  AuthorizationSchema,
  type TestList,
  TestListSchema,
} from '../../../generated/waypoint_authorization_pb.js';
import { enumTable } from '../../enum-table.ts';
import { requireText } from '../../field.ts';
import { understood } from '../../understood.ts';
import { decodeAttachment, encodeAttachment } from '../attachment-codec.ts';
import { decodeRequestTest, encodeRequestTest } from './request-test-codec.ts';

const ACTIONS = enumTable<RequestAction['kind']>({
  allow: WireAction.ALLOW,
  deny: WireAction.DENY,
  audit: WireAction.AUDIT,
  custom: WireAction.CUSTOM,
});

/** `nodemesh.waypoint.Authorization`. */
export function encodeRequestPolicy(policy: RequestPolicy): Authorization {
  const { action } = policy;
  return create(AuthorizationSchema, {
    namespace: policy.namespace,
    name: policy.name,
    attachments: policy.attachments.map(encodeAttachment),
    action: ACTIONS.encode(action.kind),
    provider: action.kind === 'custom' ? action.provider : '',
    dryRun: policy.dryRun,
    rules: policy.rules.map(encodeRule),
    notUnderstood: policy.notUnderstood ?? '',
  });
}

/** Whatever of it is not understood makes the whole policy one that is refused. */
export function decodeRequestPolicy(message: Authorization): RequestPolicy {
  understood(message, 'authorization');
  const namespace = requireText(message.namespace, 'authorization.namespace');
  const name = requireText(message.name, 'authorization.name');
  return {
    key: policyKey(namespace, name),
    namespace,
    name,
    attachments: message.attachments.map((attachment, index) =>
      decodeAttachment(attachment, `authorization.attachments[${index}]`),
    ),
    action: decodeAction(message),
    rules: message.rules.map((rule, index) => decodeRule(rule, `authorization.rules[${index}]`)),
    dryRun: message.dryRun,
    ...(message.notUnderstood === '' ? {} : { notUnderstood: message.notUnderstood }),
  };
}

function decodeAction({ action, provider }: Authorization): RequestAction {
  const kind = ACTIONS.decode(action, 'authorization.action');
  return kind === 'custom' ? { kind, provider: requireText(provider, 'authorization.provider') } : { kind };
}

function encodeRule({ from, to, when }: RequestRule): AuthorizationRule {
  const encodeList = (tests: RequestRule['when']): TestList =>
    create(TestListSchema, { tests: tests.map(encodeRequestTest) });
  return create(AuthorizationRuleSchema, {
    from: from.map(encodeList),
    to: to.map(encodeList),
    when: when.map(encodeRequestTest),
  });
}

function decodeRule(rule: AuthorizationRule, path: string): RequestRule {
  understood(rule, path);
  const decodeLists = (lists: readonly TestList[], field: string) =>
    lists.map((list, index) => {
      const place = understood(list, `${path}.${field}[${index}]`);
      return list.tests.map((test, at) => decodeRequestTest(test, `${place}.tests[${at}]`));
    });
  return {
    from: decodeLists(rule.from, 'from'),
    to: decodeLists(rule.to, 'to'),
    when: rule.when.map((test, index) => decodeRequestTest(test, `${path}.when[${index}]`)),
  };
}
