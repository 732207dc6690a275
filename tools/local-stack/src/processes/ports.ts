import { createServer } from 'node:net';
import { PlainFailure } from '../terminal/plain-failure.ts';

/** How far a search for the next free port goes before it gives up. */
const MAX_TRIES = 200;

/** Answers whether a TCP port of the loopback address can be listened on at this moment. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Asks the operating system for any free TCP port of the loopback address. */
export function anyFreePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ port: 0, host, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('the probe has no TCP port'));
        else resolve(address.port);
      });
    });
  });
}

/**
 * Chooses a port: one that was asked for must be free, a default gives way to the next free one.
 * `taken` are ports already promised to somebody else, who does not listen yet.
 */
export async function choosePort(
  wish: { asked: number } | { preferred: number },
  taken: ReadonlySet<number> = new Set(),
  isFree: (port: number) => Promise<boolean> = isPortFree,
): Promise<number> {
  if ('asked' in wish) {
    if (!taken.has(wish.asked) && (await isFree(wish.asked))) return wish.asked;
    throw new PlainFailure(
      `Port ${wish.asked} is taken by another program: stop that program or choose another port with --port.`,
    );
  }
  for (let port = wish.preferred; port < wish.preferred + MAX_TRIES && port <= 65_535; port += 1) {
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new PlainFailure(`No free port was found from ${wish.preferred} on: stop some programs and run again.`);
}
