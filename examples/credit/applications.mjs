/**
 * The Statlog German Credit Data (Hofmann, 1994; UCI Machine Learning Repository, CC BY 4.0): one application per line,
 * 21 columns, separated by tabs or spaces. Turned into intents here; the columns that must not decide never get this far.
 */

const COLUMNS = 21;

/** Column (from 0) → signal, and what its codes mean. */
const CODED = {
  checking: { column: 0, words: { A11: 'overdrawn', A12: 'below_200', A13: 'from_200', A14: 'none' } },
  history: {
    column: 2,
    words: {
      A30: 'none_taken',
      A31: 'all_repaid_here',
      A32: 'repaid_so_far',
      A33: 'delayed_before',
      A34: 'critical',
    },
  },
  savings: {
    column: 5,
    words: { A61: 'below_100', A62: 'below_500', A63: 'below_1000', A64: 'from_1000', A65: 'unknown' },
  },
  employed: {
    column: 6,
    words: {
      A71: 'unemployed',
      A72: 'below_1_year',
      A73: 'below_4_years',
      A74: 'below_7_years',
      A75: 'from_7_years',
    },
  },
  debtors: { column: 9, words: { A101: 'none', A102: 'co_applicant', A103: 'guarantor' } },
  other_plans: { column: 13, words: { A141: 'bank', A142: 'stores', A143: 'none' } },
};
const NUMBERS = { duration_months: 1, amount: 4, instalment_class: 7 };
/** 1: repaid, 2: not. Known only years later, so it is kept apart: for the table at the end, never for the policy. */
const OUTCOME = 20;

/**
 * @typedef {object} Application
 * @property {string} id the line's number, `credit-0001` for the first
 * @property {Record<string, string | number>} signals
 * @property {{ applicationId: string, amount: number, durationMonths: number }} parameters
 * @property {'repaid' | 'not repaid'} later what became of it; no signal
 */

/**
 * @param {string} text the file
 * @returns {Application[]}
 * @throws {Error} that names the first line that is not of this format
 */
export function readApplications(text) {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line: line.trim(), number: at + 1 }));
  return lines.filter(({ line }) => line !== '').map(({ line, number }) => applicationOf(line.split(/\s+/), number));
}

function applicationOf(cells, number) {
  if (cells.length !== COLUMNS) {
    throw new Error(`line ${number}: ${cells.length} columns instead of ${COLUMNS}`);
  }
  const coded = Object.entries(CODED).map(([signal, { column, words }]) => {
    const word = words[cells[column]];
    if (word === undefined)
      throw new Error(`line ${number}, column ${column + 1}: \`${cells[column]}\` is no code of it`);
    return [signal, word];
  });
  const numbers = Object.entries(NUMBERS).map(([signal, column]) => {
    if (!/^[1-9][0-9]{0,6}$/.test(cells[column])) {
      throw new Error(`line ${number}, column ${column + 1}: \`${cells[column]}\` is not a whole number`);
    }
    return [signal, Number(cells[column])];
  });
  if (!['1', '2'].includes(cells[OUTCOME])) throw new Error(`line ${number}, column ${OUTCOME + 1}: neither 1 nor 2`);
  const id = `credit-${String(number).padStart(4, '0')}`;
  const signals = Object.fromEntries([...coded, ...numbers]);
  return {
    id,
    signals,
    parameters: { applicationId: id, amount: signals.amount, durationMonths: signals.duration_months },
    later: cells[OUTCOME] === '1' ? 'repaid' : 'not repaid',
  };
}
