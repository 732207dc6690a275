import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server on which connections can fall silent for ever without being closed, as when a host vanishes. */
export class SilentPath {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => this.#sockets.add(socket));
  }

  static async to(port: number): Promise<SilentPath> {
    const server = createServer((near) => {
      const far = connect({ port, host: '127.0.0.1' });
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.on('close', () => far.destroy());
    });
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the path has no port');
    return new SilentPath(server, address.port);
  }

  /** From now on nothing passes on the connections that stand; those made later work. */
  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
