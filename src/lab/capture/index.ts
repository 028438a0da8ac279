export { type CaptureOptions, capturePackets, simpleFilter } from './capture.ts';
export { decodeTcpPacket, formatTcpPacket, type TcpPacket } from './packet-text.ts';
