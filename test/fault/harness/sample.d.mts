import type { NewEvent } from '@writ/event-store';

export function newEventId(): string;
export function newEvent(over?: Partial<NewEvent>): NewEvent & { readonly data: Buffer; readonly metadata: Buffer };
