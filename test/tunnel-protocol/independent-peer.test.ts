import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { ownHttp2 } from './support/implementations.ts';
import { echo, withMesh } from './support/tunnel-pair.ts';

const PYTHON = '/usr/bin/python3';

/** Empty where Debian's python3-h2 is installed, else a loud skip, which CI forbids. */
function needsPythonH2(): { skip?: string } {
  if (spawnSync(PYTHON, ['-c', 'import h2']).status === 0) return {};
  const reason = 'SKIPPED, NOT PASSED: python3-h2 is missing (apt-get install python3-h2)';
  if (process.env.CI === 'true') throw new Error(`CI must have python3-h2: ${reason}`);
  process.stderr.write(`\n*** ${reason}\n\n`);
  return { skip: reason };
}

test(
  'an independent HTTP/2 client opens tunnels and gets the statuses of wire.md §1.6',
  needsPythonH2(),
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'nodemesh-h2-'));
    const statuses = new Map([
      [401, 401],
      [503, 503],
    ]);
    await withMesh(
      ownHttp2,
      {
        onTunnel: (tunnel) => {
          const status = statuses.get(tunnel.authority.port);
          if (status !== undefined) {
            tunnel.refuse(status, 'asked for');
            return;
          }
          const stream = tunnel.accept({ baggage: 'service.name=cart' });
          if (tunnel.authority.port === 666)
            stream.reset(new MeshError({ code: 'ERR_TEST', blame: 'local', message: 'application reset' }));
          else echo(stream.duplex);
        },
      },
      async (mesh) => {
        const { cert, key, ca } = mesh.certificates.client;
        for (const [name, text] of Object.entries({ cert, key, ca }))
          writeFileSync(join(directory, name), text, { mode: 0o600 });
        const script = new URL('peers/h2_client.py', import.meta.url).pathname;
        const files = ['cert', 'key', 'ca'].map((name) => join(directory, name));
        const { stdout } = await promisify(execFile)(PYTHON, [script, `${mesh.port}`, ...files], {
          timeout: 30_000,
        });
        t.same(JSON.parse(stdout), {
          alpn: 'h2',
          tls: 'TLSv1.3',
          status: '200',
          baggage: 'service.name=cart',
          echoed: true,
          settings: { streams: 200, window: 4_194_304, frame: 1_048_576, headers: 65_536 },
          ping: 'pingpong',
          'bad authority': '400',
          'bad port': '400',
          get: '400',
          denied: '401',
          unreachable: '503',
          malformed: 'reset 1',
          'application reset': 10,
        });
        t.same(
          mesh.badRequests.map(({ error }) => error.code),
          ['ERR_TUNNEL_AUTHORITY', 'ERR_TUNNEL_AUTHORITY', 'ERR_TUNNEL_METHOD'],
        );
      },
    );
    rmSync(directory, { recursive: true });
  },
);
