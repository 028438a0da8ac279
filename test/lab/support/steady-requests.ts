import type { TestLab } from './lab-fixture.ts';

const ASK = `
const [url, seconds] = process.argv.slice(1);
const failures = [];
let sent = 0;
for (const end = Date.now() + Number(seconds) * 1000; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
  sent++;
  await fetch(url, { headers: { connection: 'close' } }).then((r) => r.text(), (e) => failures.push(String(e.cause ?? e)));
}
console.log(JSON.stringify({ sent, failures }));`;

/** The pod `client` asks again and again for so many seconds, on a new connection each time: how often, and what failed. */
export async function askSteadily(
  lab: TestLab,
  url: string,
  seconds: number,
): Promise<{ readonly sent: number; readonly failures: readonly string[] }> {
  const command = ['node', '--input-type=module', '-e', ASK, url, String(seconds)];
  return JSON.parse(await lab.run('exec', 'client', '--', ...command)) as {
    readonly sent: number;
    readonly failures: readonly string[];
  };
}
