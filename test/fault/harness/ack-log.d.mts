export class AckLog {
  constructor(path: string, counted?: (count: number) => void);
  add(promise: unknown): void;
  flush(): void;
  close(): void;
}

export function readAckLog(path: string): unknown[];
