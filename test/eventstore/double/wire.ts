import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * The cable between clients and the server inside the double: a TCP relay on a port that stays the same, which can be
 * cut, held or unplugged. Held is what a stopped process or a partition looks like: connections live, nothing moves.
 */
export class Wire {
  readonly #pairs = new Map<number, Pair>();
  readonly #open = new Set<Socket>();
  #listener: Server | undefined;
  #held = false;
  #port = 0;
  #target = 0;

  get port(): number {
    return this.#port;
  }

  /** Listens; the same port each time. `target` is the port of the server behind. */
  async plugIn(target: number): Promise<void> {
    this.#target = target;
    const listener = createServer((client) => this.#relay(client));
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }

  /** Refuses new connections and resets those that are there: a server that was killed. */
  async unplug(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    this.cut();
    if (listener !== undefined) await new Promise<void>((resolve) => listener.close(() => resolve()));
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
    this.#open.clear();
    this.#pairs.clear();
  }

  /** Resets the one connection whose far end the server knows under this port. */
  cutOne(portSeenByServer: number): void {
    const pair = this.#pairs.get(portSeenByServer);
    pair?.client.resetAndDestroy();
    pair?.server.resetAndDestroy();
  }

  /** Nothing moves in either direction, on old connections and on new ones. */
  hold(): void {
    this.#held = true;
    for (const socket of this.#open) socket.pause();
  }

  release(): void {
    this.#held = false;
    for (const socket of this.#open) socket.resume();
  }

  #relay(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    this.#pass(client, server);
    this.#pass(server, client);
    server.once('connect', () => {
      const port = server.localPort;
      if (port === undefined) return;
      this.#pairs.set(port, { client, server });
      server.once('close', () => this.#pairs.delete(port));
    });
  }

  #pass(from: Socket, to: Socket): void {
    this.#open.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (to.destroyed || to.write(bytes)) return;
      from.pause();
      to.once('drain', () => {
        if (!this.#held) from.resume();
      });
    });
    from.on('end', () => to.end());
    // What breaks one side breaks the other: nobody is told more than that.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#open.delete(from);
      to.destroy();
    });
    if (this.#held) from.pause();
  }
}
