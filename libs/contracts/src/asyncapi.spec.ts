import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { asyncApiDocument } from './asyncapi.ts';
import { COMMANDS } from './commands.ts';
import { headersOf } from './envelope.ts';
import { EVENTS } from './events.ts';
import type { Addressed } from './message.ts';
import { MESSAGE_EXAMPLES } from './message-examples.ts';
import { PROVIDERS } from './providers.ts';
import { commandsTopic, EVENTS_TOPIC, parkedTopic } from './topics.ts';

type Tree = { [name: string]: Tree };
const document = (): Tree => JSON.parse(JSON.stringify(asyncApiDocument())) as Tree;
const at = (tree: Tree, path: readonly string[]): Tree => path.reduce((part, name) => part[name] ?? {}, tree);
const resolved = (reference: string): Tree => at(document(), reference.replace('#/', '').split('/'));
const docs = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const refsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, child]) => (name === '$ref' ? [String(child)] : refsIn(child)));

const DEFINITIONS = [...COMMANDS, ...EVENTS];
const TYPES: readonly string[] = DEFINITIONS.map(({ type }) => type);

/** The official schema of AsyncAPI 3.0, which is of draft 7. */
const isAsyncApi = (() => {
  // It brings its own copy of draft 7.
  const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
  formats.default(ajv);
  return ajv.compile(createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json') as Tree);
})();

const SCHEMAS = (() => {
  const ajv = new Ajv({ strict: false, formats: { base64: true } });
  formats.default(ajv);
  return ajv.addSchema({ $id: 'bus', ...document() });
})();
/** Whether a value keeps a schema of the document, given by its place there. */
const keeps = (place: string, value: unknown): boolean => SCHEMAS.getSchema(`bus#/${place}`)?.(value) === true;

describe('docs/asyncapi.json', () => {
  it('is what the contracts say (npm run docs writes it anew)', () => {
    expect(JSON.stringify(JSON.parse(docs('asyncapi.json')))).toBe(JSON.stringify(asyncApiDocument()));
  });

  it('keeps the official schema of AsyncAPI 3.0', () => {
    isAsyncApi(document());
    expect(isAsyncApi.errors).toBeNull();
  });

  it.each<[string, (broken: Tree) => unknown]>([
    ['another version', (broken) => Object.assign(broken, { asyncapi: '2.6.0' })],
    ['no title', (broken) => delete broken['info']?.['title']],
    [
      'a field that AsyncAPI does not have',
      (broken) => Object.assign(at(broken, ['channels', 'events']), { topic: 'events' }),
    ],
    [
      'an action that is none',
      (broken) => Object.assign(at(broken, ['operations', 'gateway.receive.events']), { action: 'subscribe' }),
    ],
    [
      'an operation without a channel',
      (broken) => delete broken['operations']?.['gateway.receive.events']?.['channel'],
    ],
    [
      'a topic without partitions',
      (broken) => Object.assign(at(broken, ['channels', 'events', 'bindings', 'kafka']), { partitions: 0 }),
    ],
    [
      'a field of no type',
      (broken) =>
        Object.assign(at(broken, ['components', 'schemas', 'payment.state', 'properties', 'seq']), {
          type: 'number of the snapshot',
        }),
    ],
    [
      'an example that is no object',
      (broken) => Object.assign(at(broken, ['components', 'messages', 'payment.state']), { examples: ['one'] }),
    ],
  ])('would be refused by it with %s', (_case, breakIt) => {
    const broken = document();
    breakIt(broken);
    expect(isAsyncApi(broken)).toBe(false);
  });

  it('points at nothing that is not there', () => {
    const references = refsIn(asyncApiDocument());
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references)
      expect([reference, Object.keys(resolved(reference)).length > 0]).toEqual([reference, true]);
  });

  it('lets an operation name only messages of its own channel', () => {
    for (const [name, operation] of Object.entries(at(document(), ['operations']))) {
      const channel = String(operation['channel']?.['$ref']);
      const strangers = refsIn(operation['messages']).filter((message) => !message.startsWith(`${channel}/messages/`));
      expect([name, strangers]).toEqual([name, []]);
    }
  });
});

describe('what the document says of the bus', () => {
  const messagesOf = (...place: string[]): string[] => Object.keys(at(document(), [...place, 'messages']));
  const operationsOn = (topic: string): string[] =>
    Object.keys(at(document(), ['operations'])).filter((name) => name.endsWith(`.${topic}`));

  it.each(PROVIDERS.map(({ name }) => name))(
    '%s receives every command from the gateway and sends every event to it',
    (name) => {
      expect(messagesOf('channels', commandsTopic(name))).toEqual(COMMANDS.map(({ type }) => type));
      expect(messagesOf('channels', EVENTS_TOPIC)).toEqual(EVENTS.map(({ type }) => type));
      expect(operationsOn(commandsTopic(name)).sort()).toEqual(
        [`gateway.send.${commandsTopic(name)}`, `${name}.receive.${commandsTopic(name)}`].sort(),
      );
      expect(operationsOn(EVENTS_TOPIC)).toEqual(
        expect.arrayContaining([`${name}.send.events`, 'gateway.receive.events']),
      );
      expect(operationsOn(parkedTopic(name)).sort()).toEqual(
        [`${name}.receive.${parkedTopic(name)}`, `${name}.send.${parkedTopic(name)}`].sort(),
      );
    },
  );

  it.each(DEFINITIONS.map((definition) => [definition.type, definition] as const))(
    '%s: its shape is that which producers are held to',
    (type, definition) => {
      const schema = `components/schemas/${type}`;
      const body: Record<string, unknown> = { ...MESSAGE_EXAMPLES[type] };
      expect(keeps(schema, body)).toBe(true);
      expect(keeps(schema, { ...body, surprise: 1 })).toBe(false);
      for (const [name, value] of Object.entries(body)) {
        const { [name]: _dropped, ...without } = body;
        const broken = [
          without,
          { ...body, [name]: null },
          { ...body, [name]: [value] },
          { ...body, [name]: 'x'.repeat(20_000) },
        ];
        for (const each of broken) {
          expect([name, keeps(schema, each)]).toEqual([name, definition.produce.safeParse(each).success]);
        }
      }
    },
  );

  it.each(DEFINITIONS.map((definition) => [definition.type, definition] as const))(
    '%s: its headers are those that travel',
    (type, { schema: version }) => {
      const address: Addressed = {
        id: 'msg_1',
        source: 'gateway',
        subject: 'pay_1',
        time: '2026-11-22T10:00:00.000Z',
        tenant: null,
        mode: 'test',
        topic: EVENTS_TOPIC,
        key: 'pay_1',
      };
      const headers = headersOf({ ...address, type, schema: version, body: {} });
      // As Kafka has them: text, and nothing for what is null.
      const travelling = Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
      );
      const place = `components/messages/${type}/headers`;
      expect(keeps(place, travelling)).toBe(true);
      expect(keeps(place, { ...travelling, tenant: 'ten_1', traceparent: '00-1-2-01', of_others: '1' })).toBe(true);
      expect(keeps(place, { ...travelling, ce_type: 'payment.other' })).toBe(false);
      expect(keeps(place, { ...travelling, schema: String(version + 1) })).toBe(false);
      for (const name of Object.keys(travelling)) {
        const { [name]: _dropped, ...without } = travelling;
        expect([name, keeps(place, without)]).toEqual([name, false]);
      }
    },
  );

  it('every field of every message says what it means', () => {
    for (const type of TYPES) {
      const properties = at(document(), ['components', 'schemas', type, 'properties']);
      for (const [name, property] of Object.entries(properties)) {
        expect([type, name, property['description']]).toEqual([type, name, expect.stringMatching(/\.$/)]);
      }
    }
  });
});

describe('docs/messages.md', () => {
  const page = docs('messages.md');
  const named = new Set([...page.matchAll(/`([a-z]+\.[a-z_]+)`/g)].map(([, name]) => String(name)));

  it('names every type of message', () => {
    expect([...named]).toEqual(expect.arrayContaining([...TYPES]));
  });

  it('names no type and no topic that there is not', () => {
    const channels = Object.keys(at(document(), ['channels']));
    const known = [...TYPES, ...channels];
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
    for (const topic of channels.filter((name) => !name.includes('.'))) expect(page).toContain(`| \`${topic}\` |`);
  });
});
