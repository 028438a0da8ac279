// Asks `http://cart` steadily, on new connections and on old ones, and holds one connection to `cart:9090`. Each second a line of
// JSON says what came of it since the start.
import { Agent, get } from 'node:http';
import { connect } from 'node:net';

const seen = { answered: 0, failed: 0, errors: {}, echoed: 0, heldFor: 0, held: 'none yet' };

function fail(why) {
  seen.failed += 1;
  seen.errors[why] = (seen.errors[why] ?? 0) + 1;
}

function ask(agent) {
  return new Promise((resolve) => {
    const request = get({ host: 'cart', agent, timeout: 15_000 }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) seen.answered += 1;
        else fail(`status ${response.statusCode}`);
        resolve();
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 15 s')));
    request.on('error', ({ code, message }) => {
      fail(code ?? message);
      resolve();
    });
  });
}

async function askForEver(agent) {
  for (;;) {
    await ask(agent);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function hold() {
  const socket = connect(9090, 'cart');
  const begun = Date.now();
  socket.on('connect', () => {
    seen.held = 'open';
    socket.write('x');
  });
  socket.on('data', () => {
    seen.echoed += 1;
    seen.heldFor = Math.round((Date.now() - begun) / 1_000);
    setTimeout(() => socket.write('x'), 100);
  });
  socket.on('error', ({ code }) => {
    seen.held = code;
  });
  socket.on('close', () => {
    if (seen.held === 'open') seen.held = 'closed';
  });
}

for (let count = 0; count < 3; count += 1) {
  void askForEver(new Agent({ keepAlive: false }));
  void askForEver(new Agent({ keepAlive: true }));
}
hold();
setInterval(() => process.stdout.write(`${JSON.stringify(seen)}\n`), 1_000);
process.on('SIGTERM', () => process.exit(0));
