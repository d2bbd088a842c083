/** A promise that each ring settles and replaces. */
export class Bell {
  #ring: () => void = () => undefined;
  #rung: Promise<void> = this.#fresh();

  ring(): void {
    const ring = this.#ring;
    this.#rung = this.#fresh();
    ring();
  }

  rung(): Promise<void> {
    return this.#rung;
  }

  #fresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}
