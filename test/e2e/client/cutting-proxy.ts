import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A gRPC answer is larger than this, HTTP/2's own small talk (settings, pings, windows) is not. */
const LEAST_ANSWER_BYTES = 100;

/** Stands between client and server and loses what it is told to lose. */
export class CuttingProxy {
  /** Where the server is; may change when it is started again. */
  target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answersToLose = 0;
  #requestsToLose = 0;
  #refusing = false;
  #lost = 0;

  private constructor(target: number) {
    this.target = target;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async to(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((listening) => proxy.#server.listen(0, '127.0.0.1', listening));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers and requests that were lost so far. */
  get lost(): number {
    return this.#lost;
  }

  /** The server does what it is asked, and its next `count` answers go down with their connections. */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  /** The next `count` requests never reach the server. */
  loseRequests(count: number): void {
    this.#requestsToLose = count;
  }

  /** Cuts everything, and every new connection, until `restore`. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#refusing = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }

  #serve(client: Socket): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const server = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    const both = [client, server];
    const end = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes: Buffer) => {
      if (bytes.length >= LEAST_ANSWER_BYTES && this.#requestsToLose > 0) {
        this.#requestsToLose -= 1;
        this.#lost += 1;
        end();
      } else server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (bytes.length >= LEAST_ANSWER_BYTES && this.#answersToLose > 0) {
        this.#answersToLose -= 1;
        this.#lost += 1;
        end();
      } else client.write(bytes);
    });
  }
}
