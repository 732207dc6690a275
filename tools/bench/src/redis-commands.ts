import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 10_000;
const MOST_BYTES = 1_048_576;

export interface RedisCommand {
  name: string;
  calls: number;
  /** Time inside the server; ms. */
  totalMs: number;
}

/**
 * What Redis carried out since its start, by command; those inside a script count too. Spoken by hand over a plain
 * connection, because it is the only question that is asked.
 *
 * @param redisUrl of a Redis on this machine, without a password
 */
export const redisCommands = async (redisUrl: string): Promise<RedisCommand[]> =>
  readCommandStats(await redisInfo(redisUrl, 'commandstats'));

/** Bytes that it has taken for data and for itself. @param redisUrl as above */
export async function redisMemory(redisUrl: string): Promise<number> {
  const used = /^used_memory:(\d+)/m.exec(await redisInfo(redisUrl, 'memory'))?.[1];
  if (used === undefined) throw new Error('Redis does not tell how much memory it uses');
  return Number(used);
}

/** Its process id. @param redisUrl as above */
export async function redisPid(redisUrl: string): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await redisInfo(redisUrl, 'server'))?.[1]);
}

async function redisInfo(redisUrl: string, section: string): Promise<string> {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('Redis does not answer')));
  try {
    socket.write(`INFO ${section}\r\n`);
    let heard = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      heard = Buffer.concat([heard, chunk]);
      const answer = wholeAnswer(heard);
      if (answer !== undefined) return answer;
      if (heard.length > MOST_BYTES) break;
    }
    throw new Error(`Redis answered something else: ${heard.toString('utf8').slice(0, 100)}`);
  } finally {
    socket.destroy();
  }
}

/** The text of a bulk string once all of it is there. */
function wholeAnswer(heard: Buffer): string | undefined {
  const head = /^\$(\d+)\r\n/.exec(heard.toString('latin1', 0, 20));
  if (head === null) return undefined;
  const end = head[0].length + Number(head[1]);
  return heard.length < end ? undefined : heard.toString('utf8', head[0].length, end);
}

/** The lines `cmdstat_get:calls=3,usec=12,…` of `INFO commandstats`, without the question itself. */
export function readCommandStats(text: string): RedisCommand[] {
  return [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)].flatMap(([, name = '', calls, usec]) =>
    name === 'info' ? [] : [{ name, calls: Number(calls), totalMs: Number(usec) / 1_000 }],
  );
}

/** What was carried out between two readings, most frequent first. */
export function commandsBetween(before: readonly RedisCommand[], after: readonly RedisCommand[]): RedisCommand[] {
  const known = new Map(before.map((command) => [command.name, command]));
  return after
    .map(({ name, calls, totalMs }) => ({
      name,
      calls: calls - (known.get(name)?.calls ?? 0),
      totalMs: totalMs - (known.get(name)?.totalMs ?? 0),
    }))
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.calls - a.calls);
}
