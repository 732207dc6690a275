import { join } from 'node:path';
import type { Child } from '../processes/child.ts';
import type { Children } from '../processes/children.ts';
import { waitUntilReady } from '../processes/ready.ts';
import { inheritedEnvironment } from '../services/stack-env.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readServingLine } from './serving-line.ts';

const READY_TIMEOUT_MS = 60_000;
/** Longer than a service may take to end in order. */
const GRACE_MS = 40_000;

export interface ServicePorts {
  gatewayPort: number;
  managementPort: number;
}

export interface ServiceReplicasInput {
  children: Children;
  /** The script of each service, by name. */
  programs: Readonly<Record<string, string>>;
  logs: string;
  /** The ports that a replica should take at its first start; 0: any free one. It keeps them from then on. */
  ports: (service: string) => Promise<ServicePorts>;
  environment: (service: string, replica: number, ports: ServicePorts) => Record<string, string>;
  ending: AbortSignal;
  hurry: AbortSignal;
  /** Hears of a process that ended by itself. */
  onEnd: (service: string, replica: number, failure: PlainFailure) => void;
}

export interface ServiceProcess {
  name: string;
  /** From 1 on. */
  replica: number;
  pid: number;
  /** Where the API is; gateways only. */
  url: string | undefined;
  /** Where /livez, /readyz and /metrics are. */
  managementUrl: string;
  logFile: string;
}

interface Seat {
  name: string;
  replica: number;
  ports: Promise<ServicePorts>;
  /** Where it listens, as it said itself. */
  serving: { url: string | undefined; managementUrl: string } | undefined;
  child: Child | undefined;
  asked: boolean;
}

/** The processes of the services: each replica may be stopped, killed and started again on its own ports. */
export class ServiceReplicas {
  private readonly input: ServiceReplicasInput;
  private readonly seats = new Map<string, Seat>();

  constructor(input: ServiceReplicasInput) {
    this.input = input;
  }

  /** Resolves when it is ready; a replica that has not been before joins the others. No-op for one that runs. */
  async start(name: string, replica: number): Promise<void> {
    const { children, programs, ending } = this.input;
    const script = programs[name];
    if (script === undefined) throw new PlainFailure(`There is no service "${name}".`);
    const seat = this.seat(name, replica);
    if (seat.child?.running === true) return;
    const env = this.input.environment(name, replica, await seat.ports);
    const child = await children.start({
      name: `${name} ${replica}`,
      script,
      args: ['--exit-with-parent'],
      env,
      inherited: inheritedEnvironment([name], env),
      logFile: join(this.input.logs, `${name}-${replica}.log`),
    });
    seat.child = child;
    seat.asked = false;
    void child.exited.then(async (how) => {
      if (!seat.asked) this.input.onEnd(name, replica, await child.ended(how));
    });
    const said = 'said that it serves';
    const serving = await child.lineThat(readServingLine, said, READY_TIMEOUT_MS, ending);
    const { url, managementPort } = serving;
    const managementUrl = `http://127.0.0.1:${managementPort}`;
    seat.serving = { url, managementUrl };
    seat.ports = Promise.resolve({ gatewayPort: url === undefined ? 0 : Number(new URL(url).port), managementPort });
    await waitUntilReady(`${managementUrl}/readyz`, child.name, READY_TIMEOUT_MS, ending);
  }

  /** Ends one, in order or with another signal; tells how it ended, undefined if it did not run. */
  async stop(name: string, replica: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<string | undefined> {
    const seat = this.seats.get(`${name} ${replica}`);
    const child = seat?.child;
    if (seat === undefined || child?.running !== true) return undefined;
    seat.asked = true;
    await child.stop(GRACE_MS, this.input.hurry, signal);
    return child.exited;
  }

  /** True while there is nothing to stop. */
  get idle(): boolean {
    return [...this.seats.values()].every(({ child }) => child?.running !== true);
  }

  /** Ends all at once; gives the logs of those that had to be killed. */
  async stopAll(): Promise<string[]> {
    const stopped = [...this.seats.values()].map(async (seat) => {
      seat.asked = true;
      const how = await seat.child?.stop(GRACE_MS, this.input.hurry);
      return how === 'killed' ? [join(this.input.logs, `${seat.name}-${seat.replica}.log`)] : [];
    });
    return (await Promise.all(stopped)).flat();
  }

  processes(): ServiceProcess[] {
    return [...this.seats.values()].flatMap(({ name, replica, child, serving }) =>
      child?.running === true && serving !== undefined
        ? [{ name, replica, pid: child.pid, ...serving, logFile: child.logFile }]
        : [],
    );
  }

  private seat(name: string, replica: number): Seat {
    const key = `${name} ${replica}`;
    const known = this.seats.get(key);
    if (known !== undefined) return known;
    const seat: Seat = {
      name,
      replica,
      ports: this.input.ports(name),
      serving: undefined,
      child: undefined,
      asked: false,
    };
    this.seats.set(key, seat);
    return seat;
  }
}
