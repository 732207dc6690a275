import { connect } from 'node:net';
import pg from 'pg';
import { kafkaLeads } from '../stores/kafka/kafka-probe.ts';

const TIMEOUT_MS = 3_000;

/** Whether something answers at this moment, and well; false on any trouble and after 3 s. */
export const answers = {
  http: (url: string): Promise<boolean> =>
    fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status === 200;
      },
      () => false,
    ),

  async postgres(url: string): Promise<boolean> {
    const client = new pg.Client({
      ...{ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS },
      query_timeout: TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  },

  kafka: (broker: string): Promise<boolean> =>
    kafkaLeads(Number(broker.slice(broker.lastIndexOf(':') + 1)), TIMEOUT_MS),

  /** Something accepts connections there. */
  listens: (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = connect({ host: hostname, port: Number(port) });
      const end = (well: boolean): void => {
        socket.destroy();
        resolve(well);
      };
      socket.setTimeout(TIMEOUT_MS, () => end(false));
      socket.on('error', () => end(false));
      socket.on('connect', () => end(true));
    }),

  redis: (url: string): Promise<boolean> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = connect({ host: hostname, port: Number(port) });
      const end = (well: boolean): void => {
        socket.destroy();
        resolve(well);
      };
      socket.setTimeout(TIMEOUT_MS, () => end(false));
      socket.on('error', () => end(false));
      socket.on('close', () => end(false));
      socket.on('connect', () => socket.write('PING\r\n'));
      socket.on('data', (chunk) => end(chunk.toString('latin1').startsWith('+PONG')));
    }),
};
