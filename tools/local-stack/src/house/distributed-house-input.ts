import type { ChildRegister } from '../processes/children.ts';
import type { StackPrograms } from '../services/programs.ts';
import type { Replicas } from '../services/replicas.ts';
import type { PlainFailure } from '../terminal/plain-failure.ts';
import type { Progress } from '../terminal/progress.ts';
import type { Secrets } from '../tolem-folder/secrets.ts';
import type { StackFolder } from '../tolem-folder/tolem-folder.ts';
import type { StackPorts } from './stack-ports.ts';

export interface DistributedHouseInput {
  folder: StackFolder;
  /** Default: what was built. */
  programs?: StackPrograms;
  /** Default: one of each. */
  replicas?: Replicas;
  /** Default: new ones. Data that is kept needs the secrets that it was made with. */
  secrets?: Secrets;
  /** False: what is stored need not survive a power cut. Default true. */
  durable?: boolean;
  /** Kafka starts sooner and runs slower. Default false. */
  quickKafka?: boolean;
  /** Stores from docker-compose.yml. Default false. */
  docker?: boolean;
  /** Default: any free ones. */
  ports?: StackPorts;
  /** Variables of one replica beside its own. */
  environment?: (service: string, replica: number) => Record<string, string>;
  /** Before anybody uses the new PostgreSQL: a superuser's address of it, and how to restart it for settings that need that. */
  prepareDatabase?: (adminUrl: string, restart: () => Promise<void>) => Promise<void>;
  /** Calls to the bank leave through a proxy with a source address of its own, the only one that scheme 3 serves. Default false. */
  egressProxy?: boolean;
  /** Default `local`. */
  timers?: 'bank' | 'local';
  /** Keeps a list of the Node processes. */
  register?: ChildRegister;
  /** Default: nothing is shown. */
  progress?: Progress;
  /** Ends every wait. */
  stopping?: AbortSignal;
  /** Ends every grace. */
  hurry?: AbortSignal;
  /** Hears of services that end by themselves; if left out, that is the failure of the house. */
  onServiceEnd?: (service: string, replica: number, failure: PlainFailure) => void;
}

export interface HouseProcess {
  name: string;
  /** From 1 on. */
  replica: number;
  role: 'service' | 'store' | 'sandbox' | 'proxy';
  pid: number;
  /** Where /livez, /readyz and /metrics are; services only. */
  managementUrl: string | undefined;
  logFile: string;
}
