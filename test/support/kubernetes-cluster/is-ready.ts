import { request } from 'node:https';

/** Whether the API server at `server` answers /readyz with 200 now. */
export function isReady(server: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      `${server}/readyz`,
      {
        headers: { authorization: `Bearer ${token}` },
        rejectUnauthorized: false,
        timeout: 2_000,
        agent: false,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.on('timeout', () => call.destroy());
    // Not there yet: the caller asks again.
    call.on('error', () => resolve(false));
    call.end();
  });
}
