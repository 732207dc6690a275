import { connect } from 'node:net';

const METADATA = 3;
/** The first version that can ask for all topics and tells the controller. */
const VERSION = 1;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Asks a broker on the loopback address whether it works: it knows itself and its controller, and leads every partition.
 * Its port is open long before. False on any trouble.
 */
export function kafkaLeads(port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    const end = (leads: boolean): void => {
      socket.destroy();
      resolve(leads);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (answer.length < 4) return;
      const size = answer.readInt32BE(0);
      if (size > MAX_ANSWER_BYTES) end(false);
      else if (answer.length >= size + 4) end(leadsEverything(answer.subarray(4)));
    });
  });
}

/** Size, api key, version, correlation id, no client id, all topics. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 14);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(VERSION, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(-1, 14);
  return request;
}

/** Reads the answer of Metadata v1; what it does not understand does not lead. */
function leadsEverything(answer: Buffer): boolean {
  let at = 4;
  const int16 = (): number => answer.readInt16BE((at += 2) - 2);
  const int32 = (): number => answer.readInt32BE((at += 4) - 4);
  const skipText = (): void => {
    const length = int16();
    at += Math.max(0, length);
  };
  const list = (each: () => void): number => {
    const count = int32();
    for (let n = 0; n < count; n += 1) each();
    return count;
  };
  try {
    const brokers = list(() => {
      int32();
      skipText();
      int32();
      skipText();
    });
    const controller = int32();
    let led = true;
    list(() => {
      int16();
      skipText();
      at += 1;
      list(() => {
        int16();
        int32();
        if (int32() < 0) led = false;
        list(int32);
        list(int32);
      });
    });
    return brokers > 0 && controller >= 0 && led;
  } catch {
    return false;
  }
}
