import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the broker has stored for a topic between two moments. */
export interface TopicTraffic {
  topic: string;
  /** As stored: batches with their heads, compressed where the sender compressed them. */
  bytes: number;
  records: number;
  /** About as many as requests that sent something. */
  batches: number;
}

/** Length of the file of each segment, by path. */
export type SegmentSizes = ReadonlyMap<string, number>;

const MOST_BYTES_AT_ONCE = 256 * 1_048_576;
/** Of a batch: its first offset and its length; what follows them is as long as the length says. */
const PREFIX_BYTES = 12;
const LENGTH_AT = 8;
const COUNT_AT = 57;
const HEAD_BYTES = 61;

/** The broker's own bookkeeping of where it is, which no message of ours causes. */
const CLUSTER_METADATA = '__cluster_metadata';

/** Where the broker's segments end now. @param folder that holds the folders of the partitions */
export async function segmentSizes(folder: string): Promise<SegmentSizes> {
  const sizes = new Map<string, number>();
  for (const partition of await readdir(folder, { withFileTypes: true })) {
    if (!partition.isDirectory() || partition.name.startsWith(CLUSTER_METADATA)) continue;
    const path = join(folder, partition.name);
    for (const name of await readdir(path).catch((): string[] => [])) {
      if (!name.endsWith('.log')) continue;
      const found = await stat(join(path, name)).catch(() => undefined);
      if (found !== undefined) sizes.set(join(path, name), found.size);
    }
  }
  return sizes;
}

/** Reads what the segments have gained since they were as long as `before`; busiest topic first. */
export async function trafficSince(folder: string, before: SegmentSizes): Promise<TopicTraffic[]> {
  const topics = new Map<string, TopicTraffic>();
  for (const [path, size] of await segmentSizes(folder)) {
    const from = before.get(path) ?? 0;
    if (size <= from) continue;
    const topic = topicOf(path);
    const known = topics.get(topic) ?? { topic, bytes: 0, records: 0, batches: 0 };
    const { records, batches } = countBatches(await readPart(path, from, Math.min(size - from, MOST_BYTES_AT_ONCE)));
    topics.set(topic, {
      topic,
      bytes: known.bytes + size - from,
      records: known.records + records,
      batches: known.batches + batches,
    });
  }
  return [...topics.values()].sort((a, b) => b.bytes - a.bytes);
}

/** A partition's folder is called after its topic: `tolem.events-3`. */
export function topicOf(path: string): string {
  return /([^/\\]+)-\d+[/\\][^/\\]+$/.exec(path)?.[1] ?? path;
}

/** Whole batches in a piece of a segment that begins with one (record batches of format 2: Kafka ≥ 0.11). */
export function countBatches(segment: Buffer): { records: number; batches: number } {
  let records = 0;
  let batches = 0;
  let at = 0;
  while (at + HEAD_BYTES <= segment.length) {
    const end = at + PREFIX_BYTES + segment.readInt32BE(at + LENGTH_AT);
    // The last one may still be on its way to the file.
    if (end < at + HEAD_BYTES || end > segment.length) break;
    records += segment.readInt32BE(at + COUNT_AT);
    batches += 1;
    at = end;
  }
  return { records, batches };
}

async function readPart(path: string, from: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
