import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A cable between a client and a server that can be pulled: nothing gets through and nobody is told, as when packets are
 * dropped. What was on its way arrives when it is mended, as what is sent again would.
 */
export class Cable {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #pulled = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  static async to(port: number): Promise<Cable> {
    const cable = new Cable(port);
    await new Promise<void>((listening) => cable.#server.listen(0, '127.0.0.1', listening));
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  pull(): void {
    this.#pulled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  mend(): void {
    this.#pulled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const ends = [
      [client, server],
      [server, client],
    ] as const;
    for (const [from, to] of ends) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#pulled) from.pause();
    }
  }
}
