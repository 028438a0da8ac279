import { exchange } from './programs.ts';
import type { TestPod } from './topology.ts';

/** New connections at a steady rate, each with one question and one answer. */
export interface Load {
  /** Stops asking, waits for the answers that are due, and tells how it went. */
  stop(): Promise<{ readonly asked: number; readonly failures: readonly string[] }>;
}

export function startLoad(
  from: TestPod,
  target: { readonly address: string; readonly port: number },
  perSecond = 50,
): Load {
  const failures: string[] = [];
  const under: Promise<void>[] = [];
  let asked = 0;
  const timer = setInterval(() => {
    const question = `question ${++asked}`;
    const startedMs = performance.now();
    under.push(
      exchange(from, target, question).then(
        ({ text, how }) => {
          if (!text.startsWith(question) || how !== 'end')
            failures.push(
              `${question}: ${how} ${JSON.stringify(text)} after ${performance.now() - startedMs} ms`,
            );
        },
        (error: Error) => void failures.push(`${question}: ${error.message}`),
      ),
    );
  }, 1000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(under);
      return { asked, failures };
    },
  };
}
