import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';

/** What a proxy says to CONNECT; `tunnel` opens one, `silent` says nothing, anything else is written as it is. */
export type ProxyAnswer = 'tunnel' | 'silent' | (string & {});

export interface TestProxy {
  url: string;
  /** Host and port. */
  name: string;
  /** The head of every request, as it came. */
  asked: string[];
  answer(answer: ProxyAnswer): void;
  close(): Promise<void>;
}

export const refusal = (status: string): string => `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;

/** A forward proxy for this machine that can misbehave; spoken to over TLS when `tls` is given. */
export async function startProxy(initial: ProxyAnswer = 'tunnel', tls?: TlsOptions): Promise<TestProxy> {
  let answer = initial;
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.once('data', (head: Buffer) => {
      const text = head.toString('latin1');
      asked.push(text);
      if (answer === 'silent') return;
      if (answer !== 'tunnel') return void socket.end(answer);
      const onward = connect(Number(/^CONNECT 127\.0\.0\.1:(\d+) /.exec(text)?.[1]), '127.0.0.1');
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
      onward.on('close', () => socket.destroy());
      socket.on('close', () => onward.destroy());
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
  };
  const server: Server = tls === undefined ? createTcpServer(serve) : createTlsServer(tls, serve);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://user:pa%20ss@${name}`,
    name,
    asked,
    answer: (next) => (answer = next),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
