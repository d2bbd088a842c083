import { status } from '@grpc/grpc-js';
import { GrpcClient, statusOf, type Json } from '../../e2e/harness/clients.js';
import { newHolder, TENANT } from './transfers.mjs';

/** Calls that are sent once: WritClient sends again what is `Unavailable`, and here that very answer is looked at. */
export class SingleCalls {
  readonly #client: GrpcClient;

  constructor(port: number) {
    this.#client = new GrpcClient('ExecutionService', port);
  }

  close(): void {
    this.#client.close();
  }

  /** @returns the answer, in the names of the wire */
  call(method: string, request: Json): Promise<Json> {
    return this.#client.call(method, { tenant: TENANT, ...request });
  }

  /** @returns `OK`, or `<gRPC status>/<code>` */
  async answerTo(method: string, request: Json): Promise<string> {
    const call = this.call(method, request);
    return call.then(
      () => 'OK',
      async () => {
        const { grpc, code } = await statusOf(call);
        return `${status[grpc]}/${code}`;
      },
    );
  }

  /** Asks for a transfer, with so many bytes beside it. */
  evaluate(executionId: string, { policyId = 'transfers', bytes = 10 } = {}): Promise<string> {
    const intent = {
      action: 'money.transfer',
      subject: 'account',
      parametersJson: JSON.stringify({ amount: 10, note: 'x'.repeat(bytes) }),
      policyId,
      signals: { amount: { valueJson: '10' } },
    };
    return this.answerTo('evaluate', { executionId, holder: newHolder(), intent });
  }
}
