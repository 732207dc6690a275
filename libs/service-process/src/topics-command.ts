import { PROVIDERS, TOPIC_DEFAULTS } from '@tolem/contracts';
import { createTopics, topicsOf } from '@tolem/messaging';
import { ConfigurationError, defineConfig, env, type Environment, scrubText, wholeNumber } from '@tolem/observability';
import { CONSUMERS } from './bus-topology.ts';
import { kafkaConnection, kafkaFields, withKafkaChecks } from './distributed-config.ts';

const HOUR_MS = 3_600_000;

const definition = defineConfig({
  ...kafkaFields,
  partitions: env('TOLEM_KAFKA_PARTITIONS', wholeNumber({ min: 1, max: 1000 }), {
    default: TOPIC_DEFAULTS.partitions,
    describe:
      'Partitions of each topic: the most replicas of a service that can share its work. May be raised later, never lowered',
  }),
  replication: env('TOLEM_KAFKA_REPLICATION', wholeNumber({ min: 1, max: 9 }), {
    default: TOPIC_DEFAULTS.replicationFactor,
    describe: 'Brokers that hold each message; used when a topic is made',
  }),
  minInSync: env('TOLEM_KAFKA_MIN_IN_SYNC', wholeNumber({ min: 1, max: 9 }), {
    default: 2,
    describe: 'Brokers that must hold a message before it counts as sent',
  }),
  retentionHours: env('TOLEM_KAFKA_RETENTION_HOURS', wholeNumber({ min: 1, max: 8_760 }), {
    default: TOPIC_DEFAULTS.retentionMs / HOUR_MS,
    describe: 'How long messages are kept; longer than consumers may ever be away',
  }),
});

const checked = withKafkaChecks(definition);

/** Everything the command can be told. */
const topicsConfig: typeof definition = {
  ...checked,
  load(environment) {
    const config = checked.load(environment);
    if (config.minInSync <= config.replication) return config;
    const { variable, describe } = definition.fields.minInSync;
    const problem = `is ${config.minInSync}, and ${definition.fields.replication.variable} is ${config.replication}: no message is ever on more brokers than that`;
    throw new ConfigurationError([{ variable, problem, expected: describe }]);
  },
};

/** The command that makes the topics of an installation: `node topics.js`. Resolves with the exit code. */
export async function runTopicsCommand(args: readonly string[], environment: Environment): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(help());
    return 0;
  }
  if (args[0] !== undefined) {
    process.stderr.write(`Unknown option ${args[0]}. See --help.\n`);
    return 2;
  }
  try {
    const config = topicsConfig.load(environment);
    const done = await createTopics({
      ...kafkaConnection(config),
      prefix: config.busPrefix,
      topics: topicsOf(
        { providers: PROVIDERS.map(({ name }) => name), consumers: CONSUMERS },
        {
          partitions: config.partitions,
          retentionMs: config.retentionHours * HOUR_MS,
          replicationFactor: config.replication,
          minInSyncReplicas: config.minInSync,
        },
      ),
    });
    const lines = [
      ...done.created.map((topic) => `${topic}: made`),
      ...done.enlarged.map((topic) => `${topic}: given more partitions`),
      ...done.configured.map((topic) => `${topic}: settings changed`),
      ...done.unchanged.map((topic) => `${topic}: as it should be`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } catch (error) {
    const reason = scrubText(error instanceof Error ? error.message : String(error));
    process.stderr.write(
      error instanceof ConfigurationError ? `${reason}\n` : `The topics could not be made: ${reason}\n`,
    );
    return 1;
  }
}

function help(): string {
  const variables = topicsConfig
    .describe()
    .map((row) => `  ${row.variable}\n      ${row.describe}${row.default === '' ? '' : ` (default ${row.default})`}`);
  return `Makes the topics that services speak over, gives them more partitions and sets how long they keep messages.
Repeating it changes nothing.

Usage: node topics.js [--help]

Environment (each also as <name>_FILE, naming a file that holds the value):
${variables.join('\n')}
`;
}
