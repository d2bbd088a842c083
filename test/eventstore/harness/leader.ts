import { get } from 'node:http';
import type { Cluster } from './cluster.js';
import { until } from './admin.js';
import type { StartableNode } from './server.js';

const ELECTION_TIMEOUT_MS = 60_000;

interface Member {
  readonly state: string;
  readonly isAlive: boolean;
  readonly httpEndPointPort: number;
}

/** The node that a cluster without TLS follows, as its own members say; waits for an election that is going on. */
export async function leaderOf({ nodes }: Cluster): Promise<StartableNode> {
  let leader: StartableNode | undefined;
  const elected = async (): Promise<boolean> => {
    for (const node of nodes.filter(({ running }) => running)) {
      const members = await gossipOf(node.port);
      const port = members.find(({ state, isAlive }) => state === 'Leader' && isAlive)?.httpEndPointPort;
      leader = nodes.find((one) => one.port === port && one.running);
      if (leader !== undefined) return true;
    }
    return false;
  };
  await until(elected, ELECTION_TIMEOUT_MS, () => 'the cluster has no leader');
  return leader as StartableNode;
}

function gossipOf(port: number): Promise<readonly Member[]> {
  return new Promise((settle) => {
    const options = { host: '127.0.0.1', port, path: '/gossip', agent: false, timeout: 2_000 };
    const request = get({ ...options, headers: { accept: 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => settle(membersIn(text)));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => settle([]));
    request.once('close', () => settle([]));
  });
}

function membersIn(text: string): readonly Member[] {
  try {
    return (JSON.parse(text) as { members?: readonly Member[] }).members ?? [];
  } catch {
    // A node that is starting has no gossip yet.
    return [];
  }
}
