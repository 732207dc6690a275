import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server whose answers are each some time late, in order; it may lead to another server from a moment on. */
export class SlowPath {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private target: number,
  ) {}

  static async to(port: number, lateMs: number): Promise<SlowPath> {
    const server = createServer((near) => path.#join(near, lateMs));
    server.listen({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the path has no port');
    const path = new SlowPath(server, address.port, port);
    return path;
  }

  /** Ends the connections that stand; those made later lead to another server, as an address that follows the primary. */
  turnTo(port: number): void {
    this.target = port;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, lateMs: number): void {
    const far = connect({ port: this.target, host: '127.0.0.1' });
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => void setTimeout(() => near.writable && near.write(chunk), lateMs));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }
}
