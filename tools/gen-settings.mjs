/** docs/guides/configuration.md: every setting, from the table that the configuration itself is read by. */
import { SETTINGS } from '../libs/instance/dist/index.js';

const head = `# Configuration

Generated from \`libs/instance/src/settings.ts\` by \`npm run gen\`; edit the table there.

Writ reads environment variables whose names begin with \`WRIT_\`, and command-line flags that set the same variables
(\`--grpc-address\` is \`WRIT_GRPC_ADDRESS\`; a flag wins). There is no configuration file. An empty value counts as not
set. \`writ serve --check-config\` says what is wrong, all of it at once, and starts nothing.

Three rules hold between settings:

- A \`WRIT_\` variable that is not in this table is refused: a misspelt safety setting must not be silently without effect.
- Nothing listens beyond loopback without \`WRIT_TOKENS_FILE\`.
- Nothing listens beyond loopback without TLS, unless \`WRIT_ALLOW_PLAINTEXT=yes\` says that something in front ends it.
`;

export async function generate() {
  const cell = (text) => text.replaceAll('|', '\\|');
  const rows = Object.entries(SETTINGS).map(([name, setting]) => {
    const unset = setting.default === undefined ? 'not used' : `\`${setting.default}\``;
    return `| \`${name}\` | ${cell(setting.description)} | ${cell(setting.wants)} | ${unset} |`;
  });
  const table = ['| Variable | Meaning | Takes | When not set |', '| --- | --- | --- | --- |', ...rows];
  return [{ path: 'docs/guides/configuration.md', text: `${head}\n${table.join('\n')}\n` }];
}
