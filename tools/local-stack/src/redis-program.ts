import { startRedis } from './stores/redis/redis.ts';

/**
 * A Redis of its own for whoever starts this program: `redis-program <folder> [port]` says in one line of JSON where it
 * is, and ends it when its standard input ends, which it does when the starter dies.
 */
const [dataDir = '', port] = process.argv.slice(2);
const redis = await startRedis({ dataDir, ...(port === undefined ? {} : { port: Number(port) }) });
process.stdout.write(`${JSON.stringify({ url: redis.url, port: redis.port, pid: redis.pid })}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void redis.stop().then(() => process.exit(0));
});
