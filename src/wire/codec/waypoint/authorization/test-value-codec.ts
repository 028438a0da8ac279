import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  type Cidr,
  ipAddressToBytes,
  type PathPattern,
  type ServiceAccountMatch,
  type StringMatch,
  type TokenPrincipalMatch,
  type Wildcard,
} from '../../../../model/index.ts';
import {
  AddressRangeSchema,
  ServiceAccountSchema,
  type TestValue,
  TestValueSchema,
  TokenPrincipalSchema,
} from '../../../generated/waypoint_authorization_pb.js';
import { badField, decodePort, decodeRange, requireText } from '../../field.ts';
import { understood } from '../../understood.ts';

/** Between the values that tests of one sort have and the wire. Decoding refuses values of any other sort. */
export interface ValueCodec<T> {
  encode(value: T): TestValue;
  decode(value: TestValue, path: string): T;
}

export const TEXT: ValueCodec<StringMatch> = {
  encode: (match) => create(TestValueSchema, { value: encodeText(match) }),
  decode(message, path) {
    const { value } = checked(message, path);
    switch (value.case) {
      case 'presence':
        return { kind: 'presence' };
      case 'exact':
      case 'prefix':
      case 'suffix':
        return { kind: value.case, value: value.value };
      default:
        throw unfit(path, 'exact, prefix, suffix or presence', value.case);
    }
  },
};

export const WILDCARD_TEXT: ValueCodec<StringMatch | Wildcard> = {
  encode: (match) =>
    match.kind === 'wildcard'
      ? create(TestValueSchema, { value: { case: 'wildcard', value: match.value } })
      : TEXT.encode(match),
  decode: (message, path) =>
    message.value.case === 'wildcard'
      ? { kind: 'wildcard', value: message.value.value }
      : TEXT.decode(message, path),
};

export const PATH: ValueCodec<PathPattern> = {
  encode: (pattern) =>
    pattern.kind === 'template'
      ? create(TestValueSchema, { value: { case: 'template', value: pattern.value } })
      : TEXT.encode(pattern),
  decode: (message, path) =>
    message.value.case === 'template'
      ? { kind: 'template', value: message.value.value }
      : TEXT.decode(message, path),
};

export const RANGE: ValueCodec<Cidr> = {
  encode: ({ address, prefixLength }) =>
    create(TestValueSchema, {
      value: {
        case: 'range',
        value: create(AddressRangeSchema, { address: ipAddressToBytes(address), length: prefixLength }),
      },
    }),
  decode(message, path) {
    const { value } = checked(message, path);
    if (value.case !== 'range') throw unfit(path, 'a range of addresses', value.case);
    return decodeRange(value.value.address, value.value.length, `${path}.range`);
  },
};

export const PORT: ValueCodec<number> = {
  encode: (port) => create(TestValueSchema, { value: { case: 'port', value: port } }),
  decode(message, path) {
    const { value } = checked(message, path);
    if (value.case !== 'port') throw unfit(path, 'a port', value.case);
    return decodePort(value.value, `${path}.port`);
  },
};

export const ACCOUNT: ValueCodec<ServiceAccountMatch> = {
  encode: ({ namespace, serviceAccount }) =>
    create(TestValueSchema, {
      value: {
        case: 'serviceAccount',
        value: create(ServiceAccountSchema, { namespace, name: serviceAccount }),
      },
    }),
  decode(message, path) {
    const { value } = checked(message, path);
    if (value.case !== 'serviceAccount') throw unfit(path, 'a service account', value.case);
    return {
      namespace: requireText(value.value.namespace, `${path}.service_account.namespace`),
      serviceAccount: requireText(value.value.name, `${path}.service_account.name`),
    };
  },
};

export const TOKEN_PRINCIPAL: ValueCodec<TokenPrincipalMatch> = {
  encode: ({ issuer, subject }) =>
    create(TestValueSchema, {
      value: {
        case: 'tokenPrincipal',
        value: create(TokenPrincipalSchema, { issuer: TEXT.encode(issuer), subject: TEXT.encode(subject) }),
      },
    }),
  decode(message, path) {
    const { value } = checked(message, path);
    if (value.case !== 'tokenPrincipal') throw unfit(path, 'a principal of tokens', value.case);
    const { issuer, subject } = value.value;
    if (issuer === undefined || subject === undefined)
      throw badField(`${path}.token_principal`, 'expected issuer and subject, got one of them or none');
    return {
      issuer: TEXT.decode(issuer, `${path}.token_principal.issuer`),
      subject: TEXT.decode(subject, `${path}.token_principal.subject`),
    };
  },
};

function encodeText(match: StringMatch): TestValue['value'] {
  return match.kind === 'presence'
    ? { case: 'presence', value: create(EmptySchema) }
    : { case: match.kind, value: match.value };
}

function checked(message: TestValue, path: string): TestValue {
  understood(message, path);
  return message;
}

function unfit(path: string, expected: string, got: string | undefined) {
  return badField(path, `expected ${expected}, got ${got ?? 'none of them'}`);
}
