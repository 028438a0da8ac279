export { capturePackets, simpleFilter } from './capture.ts';
export { decodeTcpPacket, formatTcpPacket } from './packet-text.ts';
