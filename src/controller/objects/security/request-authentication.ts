import { type Field, parseGoDuration } from '../fields/index.ts';
import { type LabelSelector, parseWorkloadSelector } from '../label-selector.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

import { type PolicyTargetReference, parsePolicyTargets } from './policy-targets.ts';

/** security.istio.io RequestAuthentication, its values as they were written. */
export interface RequestAuthenticationObject {
  readonly kind: 'RequestAuthentication';
  readonly meta: ObjectMeta;
  readonly selector: LabelSelector | undefined;
  readonly targetRefs: readonly PolicyTargetReference[];
  readonly jwtRules: readonly JwtRuleObject[];
}

/** Tokens of one issuer, as they were written. */
export interface JwtRuleObject {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Empty, for each of the two: not said. */
  readonly jwksUri: string;
  readonly jwks: string;
  readonly fromHeaders: readonly JwtHeader[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly outputPayloadToHeader: string;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken: boolean;
  /** Undefined: not said. */
  readonly timeoutMs: number | undefined;
  readonly spaceDelimitedClaims: readonly string[];
  readonly presence: 'OPTIONAL' | 'REQUIRED';
}

/** A header in which a token may stand, behind a prefix. */
export interface JwtHeader {
  readonly name: string;
  readonly prefix: string;
}

/** Accepts what Istio's CustomResourceDefinition does (schema and CEL rules), and no unknown fields. */
export function parseRequestAuthentication(
  root: Field,
  defaultNamespace: string,
): RequestAuthenticationObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root.key('spec').object(['selector', 'targetRef', 'targetRefs', 'jwtRules']);
  return {
    kind: 'RequestAuthentication',
    meta,
    selector: parseWorkloadSelector(spec.key('selector')),
    targetRefs: parsePolicyTargets(spec),
    jwtRules: spec.key('jwtRules').items(4096).map(parseRule),
  };
}

function parseRule(field: Field): JwtRuleObject {
  field.object(RULE_FIELDS);
  const uri = field.key(field.key('jwks_uri').present ? 'jwks_uri' : 'jwksUri');
  const jwks = field.key('jwks');
  if (uri.present && jwks.present) field.issue('only one of jwks and jwksUri', 'both');
  return {
    issuer: field.key('issuer').required().text(NOT_EMPTY) ?? '',
    audiences: field.key('audiences').texts(NOT_EMPTY),
    jwksUri: parseUri(uri),
    jwks: jwks.text() ?? '',
    fromHeaders: field.key('fromHeaders').items().map(parseHeader),
    fromParams: field.key('fromParams').texts(NOT_EMPTY),
    fromCookies: field.key('fromCookies').texts(NOT_EMPTY),
    outputPayloadToHeader: field.key('outputPayloadToHeader').text({ pattern: HEADER_OR_NONE }) ?? '',
    outputClaimToHeaders: field.key('outputClaimToHeaders').items().map(parseOutput),
    forwardOriginalToken: field.key('forwardOriginalToken').boolean() ?? false,
    timeoutMs: parseGoDuration(field.key('timeout')),
    spaceDelimitedClaims: field.key('spaceDelimitedClaims').texts({ ...NOT_EMPTY, maxItems: 64 }),
    presence: field.key('presence').oneOf(PRESENCES) ?? 'OPTIONAL',
  };
}

function parseUri(field: Field): string {
  const text = field.text({ minLength: 1, maxLength: 2048 });
  if (text === undefined) return '';
  const scheme = URL.canParse(text) ? new URL(text).protocol : '';
  // A URL parser forgives what an HTTP client or another parser would not, such as backslashes.
  if ((scheme !== 'http:' && scheme !== 'https:') || !/^https?:\/\/[^\s\\]+$/.test(text))
    field.issue('a URL that starts with http:// or https://');
  return text;
}

function parseHeader(field: Field): JwtHeader {
  field.object(['name', 'prefix']);
  return {
    name:
      field
        .key('name')
        .required()
        .text({ ...NOT_EMPTY, pattern: TOKEN }) ?? '',
    prefix: field.key('prefix').text() ?? '',
  };
}

function parseOutput(field: Field): JwtRuleObject['outputClaimToHeaders'][number] {
  field.object(['header', 'claim']);
  return {
    header:
      field
        .key('header')
        .required()
        .text({ ...NOT_EMPTY, pattern: OUTPUT_HEADER }) ?? '',
    claim: field.key('claim').required().text(NOT_EMPTY) ?? '',
  };
}

const NOT_EMPTY = { minLength: 1 };
const PRESENCES = ['OPTIONAL', 'REQUIRED'] as const;
/** RFC 9110 §5.1. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_OR_NONE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/;
const OUTPUT_HEADER = /^[-_A-Za-z0-9]+$/;
const RULE_FIELDS = [
  'issuer',
  'audiences',
  'jwksUri',
  'jwks_uri',
  'jwks',
  'fromHeaders',
  'fromParams',
  'fromCookies',
  'outputPayloadToHeader',
  'outputClaimToHeaders',
  'forwardOriginalToken',
  'timeout',
  'spaceDelimitedClaims',
  'presence',
];
