import type { Sandbox } from '@tolem/sandbox';

/** A house that serves, known from outside only: its API, its operator's key, and the bank behind it. */
export interface OpenHouse {
  /** Base URLs of the API, one for each gateway. */
  readonly gateways: readonly string[];
  readonly operatorKey: string;
  /** Where the simulated bank takes orders. */
  readonly bankControl: string;
  /** Paths of PEM files. */
  readonly tls: Pick<Sandbox['tls'], 'ca' | 'cert' | 'key'>;
  /** Ids of the processes that have to be gone when it is closed. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

/** Opens a house in a folder of its own. */
export type OpensHouse = (dir: string) => Promise<OpenHouse>;
