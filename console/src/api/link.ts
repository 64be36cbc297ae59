// Knows whether the server answers. One quiet banner reads it; when the server is back, everything that was
// shown is asked for again in place. The probe is a plain GET, so a restart is noticed within two seconds.

export type LinkState = "up" | "away";

export class ServerLink {
  private state: LinkState = "up";
  private since = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly returned = new Set<() => void>();

  constructor(
    private readonly probe: () => Promise<boolean>,
    private readonly now: () => number = Date.now,
    private readonly everyMs = 2000,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): LinkState => this.state;

  get awaySince(): number {
    return this.since;
  }

  /** Called back once each time the server has come back. */
  onReturn(callback: () => void): () => void {
    this.returned.add(callback);
    return () => this.returned.delete(callback);
  }

  /** Something failed as it does when the server is gone. Confirmed by the probe before anybody is told. */
  suspect(): void {
    if (this.timer === null) void this.check();
  }

  private async check(): Promise<void> {
    this.timer = setTimeout(() => undefined, 0);
    const answered = await this.probe().catch(() => false);
    if (answered) {
      this.timer = null;
      this.enter("up");
      return;
    }
    this.enter("away");
    this.timer = setTimeout(() => void this.check(), this.everyMs);
  }

  private enter(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    if (state === "away") this.since = this.now();
    for (const listener of this.listeners) listener();
    if (state === "up") for (const callback of this.returned) callback();
  }
}
