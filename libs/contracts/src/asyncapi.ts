import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { COMMANDS } from './commands.ts';
import { envelopeHeadersSchema } from './envelope.ts';
import { EVENTS } from './events.ts';
import { currencyField, idField, instantField } from './fields.ts';
import { MESSAGE_EXAMPLES } from './message-examples.ts';
import { FIELD_MEANINGS, HEADER_MEANINGS, MESSAGE_MEANINGS } from './message-meanings.ts';
import { PROVIDERS } from './providers.ts';
import { commandsTopic, EVENTS_CONSUMER, EVENTS_TOPIC, parkedTopic, TOPIC_DEFAULTS } from './topics.ts';

type Json = Readonly<Record<string, unknown>>;
type Definition = (typeof COMMANDS)[number] | (typeof EVENTS)[number];

const DRAFT = { target: 'draft-7', io: 'input' } as const;
const KAFKA_BINDING = '0.5.0';
const PARKED = 'parked';

const ABOUT = `What the services of Tolem say to each other. This document is made from the contracts in \`libs/contracts\` and
describes what this release writes.

**Envelope.** CloudEvents 1.0 in the binary mode of Kafka: attributes are headers, all of them text, and the value is the
body as JSON. \`ce_specversion\` and \`content-type\` are not sent.

**Names.** \`TOLEM_BUS_PREFIX\` stands before the names of topics and consumer groups. Partitions, replicas and retention are
the defaults of the command that makes the topics (\`node services/gateway/dist/topics.js --help\`).

**Order and repeats.** Messages of one key lie in one partition, in the order in which they were sent. One that has to be tried
again lets others pass, and every message may come more than once: consumers go by \`seq\`, \`op_id\` and \`ce_id\`.

**Neighbouring releases.** Who writes keeps to the shapes below, with no field more. Who reads ignores fields that it does not
know, reads a word that it does not know as the least it could mean, and parks a type that it does not know. A field or a type
that nobody needs any more is written for two more releases.

**sealed.** Personal data and secrets (phones, names, barcodes, tokens) travel only in a field named \`sealed\`, encrypted with
the data key of the tenant, so that brokers, logs and dead letters never show them. Credentials lie in the vault and are
named by \`credential_id\`. Answers to questions do not come over the bus: somebody waits for them, in one process.`;

/** The AsyncAPI 3.0 document of the bus: a channel for each topic, and who sends and receives what. */
export function asyncApiDocument(): Json {
  const schemas = schemasOf([...COMMANDS, ...EVENTS]);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Tolem bus', version: release(), license: { name: 'Apache-2.0' }, description: ABOUT },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{broker}',
        protocol: 'kafka',
        description: 'TLS and SASL by configuration (`TOLEM_KAFKA_TLS`, `TOLEM_KAFKA_SASL_MECHANISM`).',
        variables: { broker: { default: 'localhost:9092', description: 'One of `TOLEM_KAFKA_BROKERS`.' } },
      },
    },
    channels: channels(),
    operations: operations(),
    components: {
      messages: {
        ...Object.fromEntries(COMMANDS.map((definition) => [definition.type, messageOf(definition, 'lane')])),
        ...Object.fromEntries(EVENTS.map((definition) => [definition.type, messageOf(definition, 'subject_id')])),
        [PARKED]: parkedMessage(),
      },
      schemas: { ...schemas, Headers: headersSchema(), ParkedHeaders: parkedHeadersSchema() },
    },
  };
}

function release(): string {
  return z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;
}

const ref = (...path: readonly string[]): Json => ({ $ref: `#/${path.join('/')}` });

function channels(): Json {
  const { retentionMs } = TOPIC_DEFAULTS;
  return Object.fromEntries([
    ...PROVIDERS.map(({ name, title }) =>
      channel(
        commandsTopic(name),
        COMMANDS.map(({ type }) => type),
        retentionMs,
        {
          title: `Commands for ${title}`,
          description: 'Keyed by lane: what has to happen one after the other.',
        },
      ),
    ),
    channel(
      EVENTS_TOPIC,
      EVENTS.map(({ type }) => type),
      retentionMs,
      {
        title: 'What providers tell',
        description: 'Keyed by subject. A snapshot holds the whole picture, so that an older one may be thrown away.',
      },
    ),
    ...consumers().map((name) =>
      channel(parkedTopic(name), [PARKED], retentionMs, {
        title: `What ${name} cannot handle yet`,
        description:
          'Messages of types that this consumer does not know, until a release that does, and dead letters that were given back to it alone. Nobody else reads it.',
      }),
    ),
  ]);
}

const consumers = (): readonly string[] => [EVENTS_CONSUMER, ...PROVIDERS.map(({ name }) => name)];

function channel(
  topic: string,
  types: readonly string[],
  retentionMs: number,
  words: { readonly title: string; readonly description: string },
): [string, Json] {
  const { partitions, replicationFactor: replicas } = TOPIC_DEFAULTS;
  const topicConfiguration = { 'cleanup.policy': ['delete'], 'retention.ms': retentionMs };
  return [
    topic,
    {
      address: topic,
      ...words,
      messages: Object.fromEntries(types.map((type) => [type, ref('components', 'messages', type)])),
      bindings: { kafka: { partitions, replicas, topicConfiguration, bindingVersion: KAFKA_BINDING } },
    },
  ];
}

function operations(): Json {
  const commands = COMMANDS.map(({ type }) => type);
  const events = EVENTS.map(({ type }) => type);
  return Object.fromEntries([
    ...PROVIDERS.flatMap(({ name, title }) => [
      operation(EVENTS_CONSUMER, 'send', commandsTopic(name), commands, `The gateway commands ${title}.`),
      operation(name, 'receive', commandsTopic(name), commands, `${title} takes its commands.`),
      operation(name, 'send', EVENTS_TOPIC, events, `${title} tells what it was told.`),
    ]),
    operation(EVENTS_CONSUMER, 'receive', EVENTS_TOPIC, events, 'The gateway applies what providers tell.'),
    ...consumers().flatMap((name) => [
      operation(
        name,
        'send',
        parkedTopic(name),
        [PARKED],
        'Puts aside what it does not know, and gives dead letters back.',
      ),
      operation(
        name,
        'receive',
        parkedTopic(name),
        [PARKED],
        'Tries again: after 1 s, then twice as long, up to 5 min.',
      ),
    ]),
  ]);
}

function operation(
  service: string,
  action: 'send' | 'receive',
  topic: string,
  types: readonly string[],
  summary: string,
): [string, Json] {
  const group = { groupId: { type: 'string', const: service }, bindingVersion: KAFKA_BINDING };
  return [
    `${service}.${action}.${topic}`,
    {
      action,
      summary,
      tags: [{ name: service }],
      channel: ref('channels', topic),
      messages: types.map((type) => ref('channels', topic, 'messages', type)),
      ...(action === 'receive' ? { bindings: { kafka: group } } : {}),
    },
  ];
}

function messageOf({ type, schema }: Definition, key: 'lane' | 'subject_id'): Json {
  const [written, ...rest] = MESSAGE_MEANINGS[type].split(/(?<=\.) /);
  const description = rest.join(' ');
  return {
    name: type,
    summary: written,
    ...(description === '' ? {} : { description }),
    headers: {
      type: 'object',
      allOf: [
        ref('components', 'schemas', 'Headers'),
        { properties: { ce_type: { const: type }, schema: { const: String(schema) } } },
      ],
    },
    payload: ref('components', 'schemas', type),
    bindings: {
      kafka: { key: { type: 'string', description: `The \`${key}\` of the body.` }, bindingVersion: KAFKA_BINDING },
    },
    examples: [{ payload: MESSAGE_EXAMPLES[type] }],
  };
}

function parkedMessage(): Json {
  return {
    name: PARKED,
    summary: 'A message of any type, as it came, with the topic that it came from.',
    headers: ref('components', 'schemas', 'ParkedHeaders'),
    payload: {},
    bindings: { kafka: { key: { type: 'string', description: 'As it came.' }, bindingVersion: KAFKA_BINDING } },
  };
}

/** Bodies as producers write them, by type, with the fields that many of them share apart. */
function schemasOf(definitions: readonly Definition[]): Json {
  const named = z.registry<{ id: string; description?: string }>();
  named.add(idField, { id: 'Id', description: 'Our id: what it is of, and 26 characters that sort by time.' });
  named.add(instantField, { id: 'Instant', description: 'RFC 3339, UTC.' });
  named.add(currencyField, { id: 'Currency', description: FIELD_MEANINGS.currency });
  for (const { type, produce } of definitions) named.add(produce, { id: type });
  const { schemas } = z.toJSONSchema(named, { ...DRAFT, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withMeanings(bare(schema), FIELD_MEANINGS)]),
  );
}

function bare({ $schema: _schema, $id: _id, ...rest }: Json): Json {
  return rest;
}

function withMeanings(schema: Json, meanings: Readonly<Record<string, string>>): Json {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return schema;
  const told = Object.entries(properties).map(([name, field]: [string, Json]) => {
    const description = meanings[name];
    // What stands beside a reference is ignored.
    return [name, { description, ...('$ref' in field ? { allOf: [field] } : field) }];
  });
  return { ...schema, properties: Object.fromEntries(told) };
}

/** Kafka's headers are text: a tenant of null is left out, the version of the body is written in digits. */
function headersSchema(): Json {
  const { properties = {}, required = [] } = z.toJSONSchema(envelopeHeadersSchema, DRAFT);
  const written = {
    ...properties,
    tenant: { type: 'string', maxLength: 64 },
    schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
  };
  return withMeanings(
    { type: 'object', properties: written, required: required.filter((name) => name !== 'tenant') },
    HEADER_MEANINGS,
  );
}

function parkedHeadersSchema(): Json {
  return {
    type: 'object',
    allOf: [
      ref('components', 'schemas', 'Headers'),
      {
        required: ['parked_topic', 'parked_tries', 'parked_at', 'parked_by'],
        properties: {
          parked_topic: { type: 'string', description: 'The topic that it came from.' },
          parked_tries: {
            type: 'string',
            pattern: '^[0-9]+$',
            description: 'How often it was tried; 0 for a dead letter.',
          },
          parked_at: {
            type: 'string',
            pattern: '^[0-9]+$',
            description: 'When it was tried last, in epoch milliseconds.',
          },
          parked_by: {
            type: 'string',
            description: 'The member of the group that has parked it; another one tries at once.',
          },
        },
      },
    ],
  };
}
