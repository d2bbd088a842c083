const LENGTH = 64;

/** The start of a refused text, safe to put into details: at most 64 characters, printable ASCII, others as `?`. */
export function excerpt(text: string): string {
  const shown = text.slice(0, LENGTH).replace(/[^\x20-\x7e]/g, '?');
  return text.length > LENGTH ? `${shown}...` : shown;
}
