/** What the pages show is run: their files in a user's project, their commands, and what they say that it prints. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsIn, filesIn, readPage, shellLinesIn } from './pages.ts';
import { checkTypes, makeProject, removeProject, runCommand } from './project.ts';

describe.each(['README.md', 'docs/guide.md'])('%s', (page) => {
  const text = readPage(page);
  const files = filesIn(text);
  const commands = commandsIn(text);
  let folder = '';
  beforeAll(async () => {
    folder = await makeProject(files);
  });
  afterAll(() => removeProject(folder));

  test('shows files and commands', () => {
    expect(files.size).toBeGreaterThan(3);
    expect(commands.length).toBeGreaterThan(2);
  });

  test.each(commands)(
    '$line',
    async ({ line, prints }) => {
      const ended = await runCommand(line, folder);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      if (prints !== '') expect(ended).toMatchObject({ stdout: prints, stderr: '' });
    },
    90_000,
  );

  test('the types of its TypeScript files hold', async () => {
    const sources = [...files.keys()].filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const ended = await checkTypes(sources, folder);
    expect(ended, ended.stdout).toMatchObject({ code: 0, stdout: '' });
  }, 90_000);
});

describe('README.md', () => {
  const text = readPage('README.md');
  const lines = shellLinesIn(text);
  let folder = '';
  beforeAll(async () => {
    folder = await makeProject(filesIn(text));
  });
  afterAll(() => removeProject(folder));

  test('its command line runs the flow', async () => {
    const line = lines.find((each) => each.startsWith('npx taskloom run'));
    const ended = await runCommand(String(line), folder);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(/492,?113/);
  }, 90_000);

  test('its scripts exist', () => {
    const scripts = JSON.parse(readPage('package.json')).scripts as Record<string, string>;
    const named = lines.flatMap((line) =>
      [...line.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(named).toContain('demo');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
