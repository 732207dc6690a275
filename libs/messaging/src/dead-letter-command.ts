import { parseArgs } from 'node:util';
import type { Database } from '@tolem/persistence';
import { type DeadLetter, DeadLetterArchive, typeOf } from './dead-letters.ts';

export interface DeadLettersCommand {
  /** Name of the service, for people. */
  readonly service: string;
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  /** Connects under the service's worker role; called once the arguments are understood, closed when the work is done. */
  readonly db: () => Promise<Database>;
  /** Default: this process's own streams. */
  readonly output?: { out(text: string): void; error(text: string): void };
}

type Order =
  | { readonly do: 'help' }
  | { readonly do: 'list'; readonly limit: number; readonly type: string | undefined; readonly json: boolean }
  | { readonly do: 'show'; readonly id: string }
  | { readonly do: 'replay'; readonly ids: readonly string[] }
  | { readonly do: 'replay_all'; readonly type: string | undefined }
  | { readonly do: 'nothing'; readonly mistake: string };

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;
const MAX_IDS = 500;
const SHORT_REASON = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const help = (
  service: string,
): string => `Lists the messages that ${service} could not handle, and gives them back to it.

Usage: node dead-letters.js list [--limit N] [--type TYPE] [--json]
       node dead-letters.js show ID
       node dead-letters.js replay ID [ID …]
       node dead-letters.js replay --all [--type TYPE]

  list     the newest first, ${DEFAULT_LIMIT} unless --limit says otherwise; --json: one JSON object per line, bodies included
  show     one message in full, with the reason
  replay   stores messages for ${service} again, as if they had just been sent; the running service takes them within
           seconds and tries each five times more. A message that was replayed before is passed over.

Exit code 0: done; 1: it could not be done; 2: the command was not understood.
`;

/** The command that every service offers for its dead letters; resolves with the exit code. */
export async function runDeadLettersCommand(command: DeadLettersCommand): Promise<number> {
  const { service, args, output = processOutput } = command;
  const order = orderOf(args);
  if (order.do === 'help') {
    output.out(help(service));
    return 0;
  }
  if (order.do === 'nothing') {
    output.error(`${order.mistake} See --help.\n`);
    return 2;
  }
  try {
    const db = await command.db();
    try {
      return await carryOut(order, new DeadLetterArchive(db), output);
    } finally {
      await db.close();
    }
  } catch (error) {
    output.error(
      `The dead letters of ${service} are out of reach: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}

async function carryOut(
  order: Exclude<Order, { do: 'help' | 'nothing' }>,
  archive: DeadLetterArchive,
  { out, error }: NonNullable<DeadLettersCommand['output']>,
): Promise<number> {
  switch (order.do) {
    case 'list': {
      const letters = await archive.list(order.limit, order);
      if (order.json) out(letters.map((letter) => `${JSON.stringify(letter)}\n`).join(''));
      else out(tableOf(letters, await archive.count(order)));
      return 0;
    }
    case 'show': {
      const letter = await archive.find(order.id);
      if (letter === undefined) {
        error(`No dead letter has the id ${order.id}.\n`);
        return 1;
      }
      out(`${JSON.stringify(letter, null, 2)}\n`);
      return 0;
    }
    case 'replay': {
      const replayed = new Set(await archive.replay(order.ids));
      for (const id of order.ids) {
        if (!replayed.has(id)) error(`${id} is no dead letter (any more).\n`);
      }
      out(`${counted(replayed.size)} given back.\n`);
      return 0;
    }
    case 'replay_all': {
      let replayed = 0;
      for await (const ids of archive.replayAll(order)) replayed += ids.length;
      out(`${counted(replayed)} given back.\n`);
      return 0;
    }
  }
}

function orderOf(args: readonly string[]): Order {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        limit: { type: 'string' },
        type: { type: 'string' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return { do: 'nothing', mistake: `${error instanceof Error ? error.message : String(error)}.` };
  }
  const { limit, type, json, all, help: wanted } = parsed.values;
  const [verb, ...ids] = parsed.positionals;
  if (wanted === true) return { do: 'help' };
  const given = Object.keys(parsed.values);
  const allowed: Readonly<Record<string, readonly string[]>> = {
    list: ['limit', 'type', 'json'],
    show: [],
    replay: all === true ? ['all', 'type'] : ['all'],
  };
  const foreign = given.find((name) => allowed[verb ?? '']?.includes(name) === false);
  if (foreign !== undefined) return { do: 'nothing', mistake: `--${foreign} does not go with ${verb ?? ''} here.` };
  switch (verb) {
    case 'list':
      return ids.length > 0 ? nothing('list takes no ids.') : listOrder(limit, type, json);
    case 'show':
      return ids.length === 1 ? withIds(ids, ([id = '']) => ({ do: 'show', id })) : nothing('show takes one id.');
    case 'replay':
      if (all === true)
        return ids.length > 0 ? nothing('replay takes ids or --all, not both.') : { do: 'replay_all', type };
      if (ids.length === 0) return nothing('replay wants ids, or --all.');
      return withIds(ids, (wellFormed) => ({ do: 'replay', ids: wellFormed }));
    default:
      return nothing(verb === undefined ? 'Say what to do: list, show or replay.' : `Unknown command ${verb}.`);
  }
}

function nothing(mistake: string): Order {
  return { do: 'nothing', mistake };
}

function listOrder(limit: string | undefined, type: string | undefined, json: boolean | undefined): Order {
  const count = limit === undefined ? DEFAULT_LIMIT : Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MAX_LIMIT) {
    return nothing(`--limit wants a whole number from 1 to ${MAX_LIMIT}.`);
  }
  return { do: 'list', limit: count, type, json: json === true };
}

function withIds(ids: readonly string[], order: (ids: readonly string[]) => Order): Order {
  const wrong = ids.find((id) => !UUID.test(id));
  if (wrong !== undefined) return nothing(`${wrong.slice(0, 80)} is no id of a dead letter.`);
  if (ids.length > MAX_IDS) return nothing(`replay takes at most ${MAX_IDS} ids at once.`);
  return order([...new Set(ids.map((id) => id.toLowerCase()))]);
}

function tableOf(letters: readonly DeadLetter[], total: number): string {
  const lines = letters.map((letter) => {
    const reason = letter.reason.slice(0, SHORT_REASON).replaceAll(/\p{Cc}/gu, ' ');
    return [letter.id, letter.created_at.toISOString(), typeOf(letter), letter.key, reason].join('  ');
  });
  const shown = letters.length < total ? `, the newest ${letters.length} shown` : '';
  return `${[...lines, `${counted(total)}${shown}.`].join('\n')}\n`;
}

function counted(count: number): string {
  return count === 1 ? '1 dead letter' : `${count} dead letters`;
}

const processOutput = {
  out: (text: string): void => void process.stdout.write(text),
  error: (text: string): void => void process.stderr.write(text),
};
