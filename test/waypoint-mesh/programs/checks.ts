/** What one check of a client program found; an error is a failure. */
export interface CheckReport {
  readonly name: string;
  readonly error?: string;
}

export type Check = () => Promise<void>;

/** Longer than any check takes; a client that hangs is a failure like any other. */
const LIMIT_MS = 30_000;

/** Runs checks one after the other and prints a CheckReport line for each; exits when all are done. */
export async function runChecks(checks: Readonly<Record<string, Check>>): Promise<never> {
  for (const [name, check] of Object.entries(checks)) {
    const error = await within(check).then(
      () => undefined,
      (reason: unknown) => (reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
    );
    const report: CheckReport = { name, ...(error !== undefined && { error }) };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  process.exit(0);
}

async function within(check: Check): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
