import {
  parseIpAddress,
  policyKey,
  type RequestAction,
  type RequestPolicy,
  type RequestRule,
  workloadIdentity,
} from '../../../src/model/index.ts';
import type { HttpAttributes, RequestAttributes, TokenAttributes } from '../../../src/policy/index.ts';

export function policyOf(
  name: string,
  kind: 'allow' | 'deny' | 'audit' | RequestAction,
  rules: readonly Partial<RequestRule>[],
  dryRun = false,
): RequestPolicy {
  return {
    key: policyKey('shop', name),
    namespace: 'shop',
    name,
    attachments: [],
    action: typeof kind === 'string' ? { kind } : kind,
    rules: rules.map((rule) => ({ from: [], to: [], when: [], ...rule })),
    dryRun,
  };
}

export interface RequestDraft {
  readonly method?: string;
  readonly authority?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly tokens?: readonly TokenAttributes[];
  readonly client?: string;
}

export function requestOf(draft: RequestDraft = {}): RequestAttributes {
  const address = parseIpAddress('10.0.0.1');
  const [namespace = '', serviceAccount = ''] = (draft.client ?? 'web/front').split('/');
  const headers = new Map(Object.entries(draft.headers ?? {}));
  const http: HttpAttributes = {
    method: draft.method ?? 'GET',
    authority: draft.authority ?? 'cart.shop',
    target: draft.target ?? '/',
    header: (name) => [headers.get(name) ?? []].flat(),
    tokens: draft.tokens ?? [],
  };
  return {
    source: workloadIdentity({ trustDomain: 'cluster.local', namespace, serviceAccount }),
    sourceAddress: address,
    remoteAddress: address,
    destinationAddress: parseIpAddress('10.96.0.1'),
    destinationPort: 80,
    sni: '',
    http,
  };
}

/** A connection that is not HTTP. */
export function connectionOf(client?: string): RequestAttributes {
  return { ...requestOf(client === undefined ? {} : { client }), http: undefined };
}
