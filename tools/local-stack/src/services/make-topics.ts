import { join } from 'node:path';
import type { Children } from '../processes/children.ts';
import { inheritedEnvironment, type SharedAddresses, topicsEnvironment } from './stack-env.ts';

/** Makes the topics that are missing, with the product's own command. */
export async function makeTopics(
  children: Children,
  { script, logs, shared }: { script: string; logs: string; shared: SharedAddresses },
): Promise<void> {
  const env = topicsEnvironment(shared);
  await children.runToEnd({
    ...{ name: 'command that makes the topics', script, args: [], env },
    inherited: inheritedEnvironment([], env),
    logFile: join(logs, 'topics.log'),
  });
}
