import { expect, it } from 'vitest';
import { allows } from '../../src/core/rule.ts';

it('says what it always said', async () => {
	const said = `${JSON.stringify({ writer: allows('a', 'a'), other: allows('a', 'b') })}\n`;
	await expect(said).toMatchFileSnapshot('../golden/rule.json');
});
