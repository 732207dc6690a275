import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A machine between us and the bank that passes everything on, and can cut every connection without a word. */
export class CuttableRoad {
  /** How many connections it has refused to pass on. */
  cutOff = 0;
  #isCut = false;
  readonly #open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly bank: URL,
  ) {
    server.on('connection', (socket) => this.#pass(socket));
  }

  static async to(bankUrl: string): Promise<CuttableRoad> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttableRoad(server, new URL(bankUrl));
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  #pass(near: Socket): void {
    near.on('error', () => near.destroy());
    if (this.#isCut) {
      this.cutOff += 1;
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(this.bank.port), this.bank.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
