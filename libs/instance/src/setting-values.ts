import { LedgerError } from '@writ/errors';
import { parseConnection, redactConnection } from '@writ/event-store-eventstoredb';
import { parseOrigin } from '@writ/ledger';
import { z } from 'zod';

/** How the text of one variable becomes a value. `wants` completes the sentence "… wants". */
export interface ValueForm<T> {
  readonly wants: string;
  readonly schema: z.ZodType<T, string>;
}

/** Host and port of a listener; port 0 lets the system choose one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where events are kept. A connection holds a password: what is shown of it is `storeName`. */
export type StoreLocation =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'eventstoredb'; readonly connection: string };

export function integer(min: number, max: number, unit: string): ValueForm<number> {
  return {
    wants: `a whole number of ${unit} from ${min} to ${max}`,
    schema: z
      .string()
      .regex(/^(0|[1-9][0-9]{0,15})$/)
      .transform(Number)
      .refine((value) => value >= min && value <= max),
  };
}

export function choice<const T extends readonly [string, ...string[]]>(...values: T): ValueForm<T[number]> {
  return { wants: `one of ${values.map((value) => `\`${value}\``).join(', ')}`, schema: z.enum(values) };
}

export function yesNo(): ValueForm<boolean> {
  return { wants: '`yes` or `no`', schema: z.enum(['yes', 'no']).transform((value) => value === 'yes') };
}

export function path(): ValueForm<string> {
  return {
    wants: 'a path of a file or folder',
    schema: z.string().regex(/^[^\0]{1,4096}$/),
  };
}

export function address(): ValueForm<Address> {
  return {
    wants: '`host:port`, an IPv6 host in brackets',
    schema: z
      .string()
      .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253}):(0|[1-9][0-9]{0,4})$/)
      .transform((text) => {
        const colon = text.lastIndexOf(':');
        return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
      })
      .refine((value) => value.port <= 65_535),
  };
}

export function storeUrl(): ValueForm<StoreLocation> {
  return {
    wants: '`sqlite:<path of the file>`, `esdb://…`, `esdb+discover://…` or `memory:`',
    schema: z
      .string()
      .regex(/^(memory:|sqlite:[^\0]{1,4096}|esdb(\+discover)?:\/\/[^\0]{1,4096})$/)
      .transform((text, context): StoreLocation => {
        if (text === 'memory:') return { kind: 'memory' };
        if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: text.slice('sqlite:'.length) };
        try {
          parseConnection(text);
          return { kind: 'eventstoredb', connection: text };
        } catch (error) {
          if (!(error instanceof LedgerError)) throw error;
          context.addIssue({ code: 'custom', message: error.message, params: { isReason: true } });
          return z.NEVER;
        }
      }),
  };
}

/** A store URL as it may be shown: without its password, also where it is none that could be used. */
export function redactStoreUrl(text: string): string {
  if (/^esdb(\+discover)?:\/\//.test(text)) return redactConnection(text);
  return text.replace(/\/\/.*@/s, '//***@');
}

/** What people are told of where events are kept. */
export function storeName(location: StoreLocation): string {
  switch (location.kind) {
    case 'memory':
      return 'memory:';
    case 'sqlite':
      return location.path;
    case 'eventstoredb':
      return redactConnection(location.connection);
  }
}

/** The name of a ledger, as a C2SP origin: a URL without its scheme. */
export function origin(): ValueForm<string> {
  return {
    wants: 'a URL without its scheme: lower-case letters, digits and `.`, `_`, `/`, `-`, at most 128 characters',
    schema: z.string().refine((text) => {
      try {
        return parseOrigin(text) === text && !text.includes('//');
      } catch {
        return false;
      }
    }),
  };
}

export function httpUrl(): ValueForm<string> {
  return {
    wants: 'an http:// or https:// URL',
    schema: z.string().refine((text) => /^https?:\/\//.test(text) && URL.canParse(text)),
  };
}
