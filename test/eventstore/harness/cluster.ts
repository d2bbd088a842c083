import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './admin.js';
import { makeCertificates } from './certificates.js';
import { freePorts } from './ports.js';
import { prepareNode, randomPassword, type NodeOptions, type StartableNode } from './server.js';

const READY_TIMEOUT_MS = 60_000;

/** Nodes that elect a leader. */
export interface Cluster {
  readonly nodes: readonly StartableNode[];
  /** Names every node; what stands behind `?` can be added to with `&`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `size` members on 127.0.0.1 and waits until each is live. */
export async function startCluster(size = 3, options: Pick<NodeOptions, 'storage' | 'tls'> = {}): Promise<Cluster> {
  const work = mkdtempSync(join(tmpdir(), 'writ-eventstore-cluster-'));
  const adminPassword = randomPassword();
  const certificates = options.tls === true ? makeCertificates(work) : undefined;
  const numbers = await freePorts(2 * size);
  const ports = Array.from({ length: size }, (_, at) => ({
    client: numbers[2 * at] as number,
    replication: numbers[2 * at + 1] as number,
  }));
  const nodes: StartableNode[] = [];
  const cluster: Cluster = {
    nodes,
    get url() {
      return urlOf(nodes);
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      rmSync(work, { recursive: true, force: true });
    },
  };
  try {
    for (const own of ports) {
      const seeds = ports.filter((one) => one !== own).map(({ client }) => `127.0.0.1:${client}`);
      const args = ['--cluster-size', `${size}`, '--discover-via-dns=false', '--gossip-seed', seeds.join(',')];
      const member = { ports: own, args, adminPassword, ...(certificates === undefined ? {} : { certificates }) };
      nodes.push(await prepareNode({ ...options, member }));
    }
    await Promise.all(nodes.map((node) => node.launch()));
    await untilLive(nodes);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

function urlOf(nodes: readonly StartableNode[]): string {
  const first = (nodes[0] as StartableNode).url;
  const others = nodes.slice(1).map(({ port }) => `,127.0.0.1:${port}`);
  return first.replace('?', `${others.join('')}?`);
}

/** A member that was deposed may end by itself, with success, to cut its log: whoever runs it starts it again. */
export async function untilLive(nodes: readonly StartableNode[]): Promise<void> {
  const waiting = new Set(nodes);
  let last: unknown;
  const allLive = async (): Promise<boolean> => {
    for (const node of waiting) {
      if (!node.running) await node.launch();
      try {
        await node.untilLive();
        waiting.delete(node);
      } catch (error) {
        last = error;
      }
    }
    return waiting.size === 0;
  };
  await until(allLive, READY_TIMEOUT_MS, () => `the cluster is not live: ${String(last)}`);
}
