// A collector as a program: `node receiver-main.ts PORT` takes OTLP over gRPC and prints each span and each log record as a
// line of JSON.
import { startGrpcReceiver } from './receiver.ts';

const receiver = await startGrpcReceiver({ host: '0.0.0.0', port: Number(process.argv[2] ?? 4317) });
setInterval(() => {
  for (const span of receiver.spans.splice(0)) process.stdout.write(`${JSON.stringify({ span })}\n`);
  for (const log of receiver.logs.splice(0)) process.stdout.write(`${JSON.stringify({ log })}\n`);
}, 100);
