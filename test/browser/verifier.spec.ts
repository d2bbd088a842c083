import { describeInChromium, UnpluggedPage } from './chromium.js';

describeInChromium('the verifier in a browser without a network', () => {
  let chromium: UnpluggedPage;
  beforeAll(async () => {
    chromium = await UnpluggedPage.open();
  }, 60_000);
  afterAll(() => chromium?.close());

  test('there is no network', async () => {
    const answer = await chromium.page.evaluate(() =>
      fetch('/').then(String, (error: unknown) => `cut: ${String(error)}`),
    );
    expect(answer).toMatch(/^cut: /);
    chromium.requests.length = 0;
    chromium.complaints.length = 0;
  });
});
