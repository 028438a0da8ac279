export { answerQuery } from './answer.ts';
export {
  type DnsQuery,
  type DnsRecord,
  decodeQuery,
  encodeAnswer,
  RECORD_TYPES,
  RESPONSE_CODES,
} from './message.ts';
export { type DnsServer, startDnsServer } from './server.ts';
export { buildZone, type Zone, type ZoneInput } from './zone.ts';
