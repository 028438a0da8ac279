import { create } from '@bufbuild/protobuf';
import type { RequestSubject, RequestTest } from '../../../../model/index.ts';
import {
  RequestSubject as WireSubject,
  type RequestTest as WireRequestTest,
  RequestTestSchema,
} from '../../../generated/waypoint_authorization_pb.js';
import { enumTable } from '../../enum-table.ts';
import { badField, requireText } from '../../field.ts';
import { understood } from '../../understood.ts';
import {
  ACCOUNT,
  PATH,
  PORT,
  RANGE,
  TEXT,
  TOKEN_PRINCIPAL,
  type ValueCodec,
  WILDCARD_TEXT,
} from './test-value-codec.ts';

/** Without a fallback: what is tested decides over the policy. */
const SUBJECTS = enumTable<RequestSubject>({
  principal: WireSubject.PRINCIPAL,
  namespace: WireSubject.NAMESPACE,
  'service-account': WireSubject.SERVICE_ACCOUNT,
  'trust-domain': WireSubject.TRUST_DOMAIN,
  'source-ip': WireSubject.SOURCE_IP,
  'remote-ip': WireSubject.REMOTE_IP,
  'destination-ip': WireSubject.DESTINATION_IP,
  port: WireSubject.PORT,
  sni: WireSubject.SNI,
  host: WireSubject.HOST,
  method: WireSubject.METHOD,
  path: WireSubject.PATH,
  header: WireSubject.HEADER,
  'header-element': WireSubject.HEADER_ELEMENT,
  'request-principal': WireSubject.REQUEST_PRINCIPAL,
  claim: WireSubject.CLAIM,
});

/** `nodemesh.waypoint.RequestTest`. */
export function encodeRequestTest(test: RequestTest): WireRequestTest {
  switch (test.subject) {
    case 'principal':
    case 'method':
    case 'host':
    case 'sni':
    case 'header':
    case 'header-element':
    case 'claim':
      return messageOf(test, TEXT, test);
    case 'namespace':
    case 'trust-domain':
      return messageOf(test, WILDCARD_TEXT, test);
    case 'service-account':
      return messageOf(test, ACCOUNT, test);
    case 'source-ip':
    case 'remote-ip':
    case 'destination-ip':
      return messageOf(test, RANGE, test);
    case 'port':
      return messageOf(test, PORT, test);
    case 'path':
      return messageOf(test, PATH, test);
    case 'request-principal':
      return messageOf(test, TOKEN_PRINCIPAL, test);
  }
}

/** Throws ERR_WIRE_FIELD for whatever it does not understand: the policy is then one that refuses. */
export function decodeRequestTest(message: WireRequestTest, path: string): RequestTest {
  understood(message, path);
  // A test without values would hold for everything.
  if (message.values.length + message.notValues.length === 0)
    throw badField(path, 'expected values or not_values, got neither');
  const subject = SUBJECTS.decode(message.subject, `${path}.subject`);
  switch (subject) {
    case 'principal':
    case 'method':
    case 'host':
    case 'sni':
      return { subject, ...valuesOf(message, TEXT, path) };
    case 'header':
    case 'header-element':
      return { subject, name: requireText(message.name, `${path}.name`), ...valuesOf(message, TEXT, path) };
    case 'claim':
      if (message.claim.length === 0)
        throw badField(`${path}.claim`, 'expected the name of a claim, got none');
      return { subject, path: message.claim, ...valuesOf(message, TEXT, path) };
    case 'namespace':
    case 'trust-domain':
      return { subject, ...valuesOf(message, WILDCARD_TEXT, path) };
    case 'service-account':
      return { subject, ...valuesOf(message, ACCOUNT, path) };
    case 'source-ip':
    case 'remote-ip':
    case 'destination-ip':
      return { subject, ...valuesOf(message, RANGE, path) };
    case 'port':
      return { subject, ...valuesOf(message, PORT, path) };
    case 'path':
      return { subject, ...valuesOf(message, PATH, path) };
    case 'request-principal':
      return { subject, ...valuesOf(message, TOKEN_PRINCIPAL, path) };
  }
}

interface Values<T> {
  readonly values: readonly T[];
  readonly notValues: readonly T[];
}

function messageOf<T>(test: RequestTest, codec: ValueCodec<T>, { values, notValues }: Values<T>) {
  return create(RequestTestSchema, {
    subject: SUBJECTS.encode(test.subject),
    name: 'name' in test ? test.name : '',
    claim: 'path' in test ? [...test.path] : [],
    values: values.map(codec.encode),
    notValues: notValues.map(codec.encode),
  });
}

function valuesOf<T>({ values, notValues }: WireRequestTest, codec: ValueCodec<T>, path: string): Values<T> {
  return {
    values: values.map((value, index) => codec.decode(value, `${path}.values[${index}]`)),
    notValues: notValues.map((value, index) => codec.decode(value, `${path}.not_values[${index}]`)),
  };
}
