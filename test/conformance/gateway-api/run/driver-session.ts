import { PassThrough, Writable } from 'node:stream';
import { resolve } from 'node:path';
import type { LabClient } from '../../../../src/lab/client/index.ts';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverAnswer, DriverOrder } from '../programs/order.ts';

const DRIVER = resolve('test/conformance/gateway-api/programs/driver.ts');

/** A driver that runs inside a pod for as long as it is needed: a request costs a line, not a process. */
export interface DriverSession {
  /** Rejects when the driver has ended. */
  send(order: Omit<DriverOrder, 'id'>): Promise<readonly ReceivedAnswer[]>;
  close(): Promise<void>;
}

export function openDriver(lab: LabClient, pod: { namespace: string; name: string }): DriverSession {
  const waiting = new Map<number, PromiseWithResolvers<readonly ReceivedAnswer[]>>();
  const stdin = new PassThrough();
  let complaints = '';
  let next = 1;
  const stdout = lines((line) => {
    const { id, answers } = JSON.parse(line) as DriverAnswer;
    waiting.get(id)?.resolve(answers);
    waiting.delete(id);
  });
  const stderr = lines((line) => {
    complaints += `${line}\n`;
  });
  const command = [process.execPath, DRIVER];
  const ended = lab
    .exec({ namespace: pod.namespace, pod: pod.name, container: '', command, stdin, stdout, stderr })
    .catch((error: unknown) => String(error))
    .then((how) => {
      for (const { reject } of waiting.values())
        reject(new Error(`the driver in ${pod.namespace}/${pod.name} ended (${how}): ${complaints}`));
      waiting.clear();
    });
  return {
    send(order) {
      const id = next++;
      const answer = Promise.withResolvers<readonly ReceivedAnswer[]>();
      waiting.set(id, answer);
      stdin.write(`${JSON.stringify({ ...order, id })}\n`);
      return answer.promise;
    },
    async close() {
      stdin.end();
      await ended;
    },
  };
}

function lines(take: (line: string) => void): Writable {
  let rest = '';
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const parts = (rest + chunk.toString('utf8')).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) take(line);
      done();
    },
  });
}
