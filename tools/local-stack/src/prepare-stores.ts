import { javaCommand } from './stores/kafka/java.ts';
import { kafkaJars } from './stores/kafka/kafka-jars.ts';
import { redisBinary } from './stores/redis/redis-binary.ts';
import { standardOutput } from './terminal/output.ts';
import { PlainFailure } from './terminal/plain-failure.ts';
import { Progress } from './terminal/progress.ts';

/**
 * Finds or fetches what Kafka and Redis are run with, so that nobody waits for it later. Ends with 1 and a sentence for
 * each of them that cannot be had.
 */
const progress = new Progress(standardOutput());
const failures: string[] = [];

async function prepare(title: string, work: (say: (step: string) => void) => Promise<unknown>): Promise<void> {
  try {
    await progress.step(title, ({ note }) => work(note));
  } catch (error) {
    if (!(error instanceof PlainFailure)) throw error;
    failures.push(error.message);
  }
}

await prepare('Kafka', async (say) => {
  await javaCommand();
  await kafkaJars(say);
});
await prepare('Redis', (say) => redisBinary(process.env, say));
for (const failure of failures) progress.line(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
