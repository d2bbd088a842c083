import { describeNodes } from './find-server.js';
import { startNode, type ServerNode } from './server.js';

/** A suite on an empty node on disk of its own. @param body gets the node when its tests run */
export function describeOnNode(name: string, body: (node: () => ServerNode) => void): void {
  describeNodes(name, () => {
    let node: ServerNode | undefined;

    beforeAll(async () => {
      node = await startNode({ storage: 'disk' });
    }, 60_000);

    afterAll(() => node?.stop());

    body(() => node as ServerNode);
  });
}
