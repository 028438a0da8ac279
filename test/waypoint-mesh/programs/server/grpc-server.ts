import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { INTEROP, type InteropMessage } from '../interop/messages.ts';

/** Every kind of call, asked by its messages for what it is to do. */
export function startGrpcServer(port: number): void {
  const cancelled: string[] = [];
  const handlers: Handlers = {
    unary(call, answer) {
      const { request } = call;
      call.on('cancelled', () => cancelled.push(request.text ?? ''));
      call.sendMetadata(asked(call.metadata, 'header'));
      setTimeout(() => {
        if (request.status === undefined) answer(null, replyTo(request), asked(call.metadata, 'trailer'));
        else answer({ ...request.status, metadata: asked(call.metadata, 'trailer') });
      }, request.delayMs ?? 0);
    },
    collect(call, answer) {
      let messages = 0;
      let bytes = 0;
      call.on('data', (message: InteropMessage) => {
        messages += 1;
        bytes += message.padding?.length ?? 0;
        // Some servers know the answer before the client has said all.
        if (message.status !== undefined) answer(message.status);
      });
      call.on('end', () => answer(null, { messages, text: String(bytes) }));
    },
    async list(call) {
      const { request } = call;
      call.on('cancelled', () => cancelled.push(request.text ?? ''));
      for (let sent = 0; sent < (request.messages ?? 0); sent++) {
        if (call.cancelled) return;
        if (!call.write(replyTo({ ...request, text: String(sent) })))
          await new Promise((resolve) => call.once('drain', resolve));
        if (request.delayMs !== undefined)
          await new Promise((resolve) => setTimeout(resolve, request.delayMs));
      }
      if (request.status === undefined) call.end(asked(call.metadata, 'trailer'));
      else call.emit('error', Object.assign(new Error(request.status.details), request.status));
    },
    chat(call) {
      let first = '';
      call.on('cancelled', () => cancelled.push(first));
      call.on('data', (message: InteropMessage) => {
        first ||= message.text ?? '';
        call.write(replyTo(message));
      });
      call.on('end', () => call.end(asked(call.metadata, 'trailer')));
    },
    report: (_call, answer) => answer(null, { cancelled }),
  };
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(INTEROP, { ...handlers });
  server.bindAsync(`[::]:${port}`, ServerCredentials.createInsecure(), (error) => {
    if (error !== null) throw error;
  });
}

interface Handlers {
  readonly unary: handleUnaryCall<InteropMessage, InteropMessage>;
  readonly collect: handleClientStreamingCall<InteropMessage, InteropMessage>;
  readonly list: handleServerStreamingCall<InteropMessage, InteropMessage>;
  readonly chat: handleBidiStreamingCall<InteropMessage, InteropMessage>;
  readonly report: handleUnaryCall<InteropMessage, InteropMessage>;
}

function replyTo({ text = '', replyBytes = 0 }: InteropMessage): InteropMessage {
  return { text, padding: 'p'.repeat(replyBytes) };
}

/** What the client sent under `x-…` comes back as `x-header-…` in front and `x-trailer-…` behind. */
function asked(metadata: Metadata, where: 'header' | 'trailer'): Metadata {
  const answer = new Metadata();
  for (const key of Object.keys(metadata.getMap()))
    if (key.startsWith('x-ask-'))
      for (const value of metadata.get(key)) answer.add(key.replace('x-ask-', `x-${where}-`), value);
  return answer;
}
