// TCP and TLS through a waypoint: `node stream-client.ts HOST`. Prints CheckReport lines.
import { equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { runChecks } from '../checks.ts';
import { openRaw } from './raw-exchange.ts';

const [host = ''] = process.argv.slice(2);

async function openTls(servername: string): Promise<TLSSocket> {
  const socket = connectTls({
    host,
    port: 9443,
    servername,
    ALPNProtocols: ['echo'],
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  return socket;
}

await runChecks({
  async 'bytes of a TCP service come back, and a half-close is passed on'() {
    const connection = await openRaw(host, 9000);
    connection.write('\x00\xff GET / HTTP/1.1\r\n\r\nnot HTTP at all');
    connection.end();
    const { text, ending } = await connection.read();
    equal(text, '\x00\xff GET / HTTP/1.1\r\n\r\nnot HTTP at all');
    equal(ending, 'end');
  },
  async 'a server that speaks first is heard'() {
    const connection = await openRaw(host, 9001);
    match((await connection.read((text) => text.endsWith('\n'))).text, /^hello .+\n$/);
    connection.close();
  },
  async 'a server that half-closes leaves the client free to speak'() {
    const connection = await openRaw(host, 9002);
    const { text, ending } = await connection.read();
    equal(text, 'all that I have to say\n');
    equal(ending, 'end');
    connection.write('still here');
    connection.end();
  },
  async 'a reset is a reset'() {
    const connection = await openRaw(host, 9003);
    connection.write('x');
    equal((await connection.read()).ending, 'ECONNRESET');
  },
  async 'TLS ends at the server, whose certificate, SNI and ALPN are its own'() {
    const first = await openTls('shop.example');
    const second = await openTls('other.example');
    equal(first.alpnProtocol, 'echo');
    const fingerprint = first.getPeerCertificate().fingerprint256;
    equal(second.getPeerCertificate().fingerprint256, fingerprint);
    ok(!String(first.getPeerCertificate().subjectaltname).includes('spiffe'));
    for (const [socket, name] of [
      [first, 'shop.example'],
      [second, 'other.example'],
    ] as const) {
      socket.setEncoding('utf8');
      let text = '';
      socket.on('data', (part: string) => {
        text += part;
      });
      socket.write('secret');
      while (!text.endsWith('secret')) await once(socket, 'data');
      equal(text, `${name} echo\nsecret`);
      socket.end();
    }
  },
});
