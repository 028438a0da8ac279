export { answerQuery } from './answer.ts';
export { type DnsRecord, decodeQuery, encodeAnswer, RECORD_TYPES } from './message.ts';
export { startDnsServer } from './server.ts';
export { buildZone, type Zone } from './zone.ts';
