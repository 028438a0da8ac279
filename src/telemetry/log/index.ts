export { type LogSink, type LogSinkOptions, openLogSink } from './log-sink.ts';
export { createLogger, type LogFormat, type LoggerOptions, type MeshLogger } from './logger.ts';
