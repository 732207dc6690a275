import { methodNamed } from '@tolem/contracts';
import type { HouseOptions } from '../house/house.ts';
import { ONE_OF_EACH, readReplicas, type Replicas } from '../services/replicas.ts';
import { GATEWAY } from '../services/stack-env.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { FIRST_DEMO } from './demo-options.ts';
import { splitOption } from './split-option.ts';
import { readPort } from './start-options.ts';

/** `port` is that of the first gateway. */
export interface RunOptions extends HouseOptions {
  replicas: Replicas;
  /** Calls to the bank leave through a proxy with an address of its own. */
  egressProxy: boolean;
}

/** What `npm run stack` was asked to do; `docker` chooses the stores, and with them the folder. */
export type StackOptions = { docker: boolean } & (
  | ({ action: 'run' } & RunOptions)
  | { action: 'status' | 'stop' | 'help' }
  /** Without `of`: the list of logs. */
  | { action: 'logs'; of: string | undefined }
);

const RUN_FLAGS = ['--fresh', '--no-demo', '--port', '--replicas', '--egress-proxy'];
const ACTIONS = { '--status': 'status', '--stop': 'stop', '--logs': 'logs', '--help': 'help', '-h': 'help' } as const;
const isAction = (name: string): name is keyof typeof ACTIONS => Object.hasOwn(ACTIONS, name);
const WITHOUT_VALUE = ['--fresh', '--no-demo', '--docker', '--egress-proxy', '--status', '--stop', '--help'];

/** Reads the command line of `npm run stack`. @throws PlainFailure naming what cannot be understood. */
export function readStackOptions(args: readonly string[]): StackOptions {
  const given = readArguments(args);
  const docker = given.has('--docker');
  const actions = [...given.keys()].filter(isAction);
  const [name, second] = actions;
  if (name === undefined) return { action: 'run', docker, ...runOptions(given) };
  const action = ACTIONS[name];
  if (action === 'help') return { action, docker };
  const beside = second ?? [...given.keys()].find((flag) => RUN_FLAGS.includes(flag));
  if (beside !== undefined) throw new PlainFailure(`${name} and ${beside} do not go together.`);
  return action === 'logs' ? { action, docker, of: given.get(name) } : { action, docker };
}

/** Option → its value, if it has one. */
function readArguments(args: readonly string[]): Map<string, string | undefined> {
  const given = new Map<string, string | undefined>();
  for (let i = 0; i < args.length; i += 1) {
    const [name, inline] = splitOption(args[i] ?? '');
    if (WITHOUT_VALUE.includes(name) || name === '-h') {
      if (inline !== undefined) throw new PlainFailure(`The option ${name} takes no value.`);
      given.set(name, undefined);
    } else if (name === '--port' || name === '--replicas') given.set(name, inline ?? args[(i += 1)]);
    else if (name === '--logs') {
      const next = args[i + 1];
      const value = inline ?? (next?.startsWith('-') === false ? args[(i += 1)] : undefined);
      given.set(name, value);
    } else throw new PlainFailure(`Unknown option ${name}: npm run stack -- --help lists them.`);
  }
  return given;
}

function runOptions(given: ReadonlyMap<string, string | undefined>): RunOptions {
  const replicas = given.has('--replicas') ? readReplicas(given.get('--replicas') ?? '') : ONE_OF_EACH;
  const demo = !given.has('--no-demo');
  if (replicas.get(GATEWAY) === 0) throw new PlainFailure('Without a gateway nothing can be asked: run at least one.');
  const payer = methodNamed(FIRST_DEMO)?.provider.name;
  if (demo && payer !== undefined && replicas.get(payer) === 0) {
    throw new PlainFailure(`Without ${payer} the demo payment cannot be paid: add --no-demo.`);
  }
  return {
    fresh: given.has('--fresh'),
    demo,
    port: given.has('--port') ? readPort(given.get('--port')) : undefined,
    replicas,
    egressProxy: given.has('--egress-proxy'),
  };
}
