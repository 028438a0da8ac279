import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  type JwtKeys,
  type JwtRule,
  type RequestAuthentication,
  requestAuthenticationKey,
  type TokenLocation,
} from '../../../model/index.ts';
import {
  type Authentication,
  AuthenticationSchema,
  ClaimToHeaderSchema,
  type JwtRule as WireJwtRule,
  JwtRuleSchema,
  TokenHeaderSchema,
  type TokenLocation as WireTokenLocation,
  TokenLocationSchema,
} from '../../generated/waypoint_authentication_pb.js';
import { badField, requireText } from '../field.ts';
import { understood } from '../understood.ts';
import { decodeAttachment, encodeAttachment } from './attachment-codec.ts';

/** `nodemesh.waypoint.Authentication`. */
export function encodeAuthentication(authentication: RequestAuthentication): Authentication {
  return create(AuthenticationSchema, {
    namespace: authentication.namespace,
    name: authentication.name,
    attachments: authentication.attachments.map(encodeAttachment),
    rules: authentication.rules.map(encodeRule),
  });
}

/** Whatever of it is not understood makes the whole of it one that is refused: it may be what makes a token bad. */
export function decodeAuthentication(message: Authentication): RequestAuthentication {
  understood(message, 'authentication');
  const namespace = requireText(message.namespace, 'authentication.namespace');
  const name = requireText(message.name, 'authentication.name');
  return {
    key: requestAuthenticationKey(namespace, name),
    namespace,
    name,
    attachments: message.attachments.map((attachment, index) =>
      decodeAttachment(attachment, `authentication.attachments[${index}]`),
    ),
    rules: message.rules.map((rule, index) => decodeRule(rule, `authentication.rules[${index}]`)),
  };
}

function encodeRule(rule: JwtRule): WireJwtRule {
  return create(JwtRuleSchema, {
    issuer: rule.issuer,
    audiences: [...rule.audiences],
    keys: encodeKeys(rule.keys),
    locations: rule.locations.map(encodeLocation),
    forwardOriginalToken: rule.forwardOriginalToken,
    outputPayloadToHeader: rule.outputPayloadToHeader,
    outputClaimToHeaders: rule.outputClaimToHeaders.map((output) => create(ClaimToHeaderSchema, output)),
    timeoutMs: BigInt(rule.timeoutMs),
    spaceDelimitedClaims: [...rule.spaceDelimitedClaims],
    required: rule.required,
  });
}

function decodeRule(rule: WireJwtRule, path: string): JwtRule {
  understood(rule, path);
  if (rule.locations.length === 0)
    throw badField(`${path}.locations`, 'expected at least one place for tokens, got none');
  return {
    issuer: requireText(rule.issuer, `${path}.issuer`),
    audiences: rule.audiences,
    keys: decodeKeys(rule, `${path}.keys`),
    locations: rule.locations.map((location, index) =>
      decodeLocation(location, `${path}.locations[${index}]`),
    ),
    forwardOriginalToken: rule.forwardOriginalToken,
    outputPayloadToHeader: rule.outputPayloadToHeader,
    outputClaimToHeaders: rule.outputClaimToHeaders.map(({ header, claim }, index) => ({
      header: requireText(header, `${path}.output_claim_to_headers[${index}].header`),
      claim: requireText(claim, `${path}.output_claim_to_headers[${index}].claim`),
    })),
    timeoutMs: Number(rule.timeoutMs),
    spaceDelimitedClaims: rule.spaceDelimitedClaims,
    required: rule.required,
  };
}

function encodeKeys(keys: JwtKeys): WireJwtRule['keys'] {
  switch (keys.kind) {
    case 'inline':
      return { case: 'jwks', value: keys.jwks };
    case 'uri':
      return { case: 'jwksUri', value: keys.uri };
    case 'discovery':
      return { case: 'discovery', value: create(EmptySchema) };
  }
}

function decodeKeys({ keys }: WireJwtRule, path: string): JwtKeys {
  switch (keys.case) {
    case 'jwks':
      return { kind: 'inline', jwks: requireText(keys.value, path) };
    case 'jwksUri':
      return { kind: 'uri', uri: requireText(keys.value, path) };
    case 'discovery':
      return { kind: 'discovery' };
    default:
      throw badField(path, 'expected a source of keys that this version knows, got none');
  }
}

function encodeLocation(location: TokenLocation): WireTokenLocation {
  const { name } = location;
  return create(TokenLocationSchema, {
    location:
      location.kind === 'header'
        ? { case: 'header', value: create(TokenHeaderSchema, { name, prefix: location.prefix }) }
        : { case: location.kind, value: name },
  });
}

function decodeLocation({ location }: WireTokenLocation, path: string): TokenLocation {
  switch (location.case) {
    case 'header': {
      const { name, prefix } = location.value;
      return { kind: 'header', name: requireText(name, `${path}.header.name`), prefix };
    }
    case 'param':
    case 'cookie':
      return { kind: location.case, name: requireText(location.value, path) };
    default:
      throw badField(path, 'expected a place for tokens that this version knows, got none');
  }
}
